import { execFileSync } from 'node:child_process';
import { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';
import type { ForwardChain, Pass } from './forward-chains.js';

const CHAIN = 'FORWARD';

/**
 * The chain FORWARD of the old iptables, which no netlink message tells of. Undefined where there is no such program; throws
 * `missing_tool`, with its words, where it fails.
 * To be asked only while /proc/net/ip_tables_names has the table: otherwise the kernel would make it.
 */
export function readLegacyForward(program = 'iptables-legacy'): ForwardChain | undefined {
  try {
    // sbin is where Debian keeps it, and not in every user's PATH.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
    const text = execFileSync(program, ['-t', 'filter', '-S'], { encoding: 'utf8', stdio: 'pipe', env });
    return parseLegacyForward(text);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    const words = (error as { stderr?: string }).stderr?.trim().split('\n')[0];
    throw new NetnsdError('missing_tool', `${program} failed: ${words || (error as Error).message}`, {
      cause: error,
    });
  }
}

/** What `iptables -S` prints. */
export function parseLegacyForward(text: string): ForwardChain {
  const lines = text.split('\n');
  const policy = lines.includes(`-P ${CHAIN} DROP`) ? 'drop' : 'accept';
  const passes = lines.filter((line) => line.startsWith('-A ') && !/ -j (DROP|REJECT)\b/.test(line)).flatMap(passesOf);
  return { family: 'ip', table: 'filter (iptables-legacy)', chain: CHAIN, policy, passes };
}

function passesOf(line: string): Pass[] {
  const links = [...line.matchAll(/(! )?-[io] (\S+)/g)].map(([, not, link = '']) =>
    not ? [] : [{ link: link.replace(/\+$/, '*') }],
  );
  const addresses = [...line.matchAll(/(! )?-[sd] ([\d.]+)\/(\d+)/g)].map(([, not, address = '', bits]) =>
    not ? [] : [{ address: address.split('.').map(Number), mask: maskOf(Number(bits)) }],
  );
  return [...links, ...addresses].flat();
}

function maskOf(bits: number): number[] {
  return [0, 8, 16, 24].map((at) => (0xff00 >> Math.min(8, Math.max(0, bits - at))) & 255);
}
