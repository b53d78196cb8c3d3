/** The process that `trySysctls` starts; prints a SysctlRefusal as JSON, or null. */

import { existsSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { CLONE_NEWNET, unshare } from '../libc.js';
import type { SysctlRefusal, SysctlTrial } from './sysctl-trial.js';
import { isSysctlOf, readSysctl, type Sysctl, sysctlPath, writeSysctl } from './sysctls.js';

const { sysctls, link } = JSON.parse(process.argv[2] ?? '') as SysctlTrial;

/** Files by the names of the sysctls; those of the link, which is not here, at `lo`. */
const tried = sysctls.map((sysctl) => ({ own: sysctl, at: isSysctlOf(link, sysctl) ? atLoopback(sysctl) : sysctl }));

function atLoopback({ name, value }: Sysctl): Sysctl {
  const [family, kind, ...rest] = sysctlPath(name).slice('/proc/sys/net/'.length).split('/');
  return { name: `net/${family}/${kind}/lo/${rest.at(-1)}`, value };
}

function attempt(): SysctlRefusal | null {
  for (const { own, at } of tried) {
    const { name } = own;
    if (!existsSync(sysctlPath(at.name))) return { name, why: 'a new network namespace has no sysctl of this name' };
    try {
      writeSysctl(at);
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      return { name, why: `the kernel refuses the value ${own.value} (${error.details.errno})` };
    }
  }
  for (const { own, at } of tried) {
    const found = readSysctl(at.name);
    if (found !== own.value) return { name: own.name, why: `the kernel makes ${found} of ${own.value}` };
  }
  return null;
}

unshare(CLONE_NEWNET);
process.stdout.write(JSON.stringify(attempt()));
