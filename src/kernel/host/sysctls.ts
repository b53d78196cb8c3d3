import { readFileSync, writeFileSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';

/** A sysctl of a network namespace and its value, as sysctl(8) has them. */
export interface Sysctl {
  /** `net.core.somaxconn`, or `net/ipv4/conf/eth0.1/rp_filter` where a name in it has a dot. */
  readonly name: string;
  readonly value: string;
}

const FOLDER = '/proc/sys';

/** Its file, as sysctl(8) finds it: where the first separator is a slash, dots are dots. `folder`: see `SysctlFolder`. */
export function sysctlPath(name: string, folder = FOLDER): string {
  return `${folder}/${/^\w+\//.test(name) ? name : name.replaceAll('.', '/')}`;
}

/** Whether it is a sysctl of this link, which is there once the link is. */
export function isSysctlOf(link: string, { name }: Sysctl): boolean {
  return /^ipv[46]\/(?:conf|neigh)\//.test(pathIn(name)) && pathIn(name).split('/').slice(2, -1).join('/') === link;
}

function pathIn(name: string): string {
  return sysctlPath(name).slice('/proc/sys/net/'.length);
}

/** In the network namespace in which the calling thread stands. Throws kernel_error. */
export function writeSysctl({ name, value }: Sysctl, folder = FOLDER): void {
  try {
    writeFileSync(sysctlPath(name, folder), value);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new NetnsdError('kernel_error', `set sysctl ${name} to ${value}: ${errno}`, {
      details: { operation: `set sysctl ${name}`, errno },
      cause: error,
    });
  }
}

/** With one space between numbers, where the kernel has tabs. Throws what node:fs throws. */
export function readSysctl(name: string, folder = FOLDER): string {
  return readFileSync(sysctlPath(name, folder), 'utf8').trim().replaceAll(/\s+/g, ' ');
}
