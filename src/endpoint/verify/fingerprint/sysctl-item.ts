import { readdirSync } from 'node:fs';
import { errnoOf } from '../../../kernel/errno.js';
import { readProcFile } from '../../../kernel/process/proc-file.js';
import { describeLines, type Item } from './item.js';

const FOLDER = '/proc/sys/net';
/**
 * Counters and commands. `tcp_fastopen_key` is compared: it is zero until it is written, or until a server in the namespace uses
 * fast open, for which the kernel draws one at random (tcp_fastopen_init_key_once of net/ipv4/tcp_fastopen.c).
 */
const NOT_COMPARED = new Set(['ipv4/route/flush', 'ipv6/route/flush', 'netfilter/nf_conntrack_count']);

/**
 * Every sysctl of the namespace, read one by one: some 600 files and several milliseconds. Only for where no
 * `SysctlWatch` tells whether any was written.
 */
export const SYSCTLS: Item = {
  name: 'sysctls',
  read: () => [...eachSysctl('')].map((line) => Buffer.from(line)),
  describe: describeLines,
};

function* eachSysctl(folder: string): Generator<string> {
  // Synchronous calls of node:fs run on the calling thread.
  for (const entry of readdirSync(`${FOLDER}/${folder}`, { withFileTypes: true })) {
    const name = `${folder}${entry.name}`;
    if (entry.isDirectory()) yield* eachSysctl(`${name}/`);
    else if (!NOT_COMPARED.has(name)) yield `${name} = ${contentOf(name)}`;
  }
}

function contentOf(name: string): string {
  try {
    return readProcFile(`${FOLDER}/${name}`).trim();
  } catch (error) {
    // Such as EIO of stable_secret before it is set: that is its value.
    return errnoOf(error) ?? 'unreadable';
  }
}
