import { readFileSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../errno.js';

/** br_netfilter.c of net/bridge; ip-sysctl.rst, "/proc/sys/net/bridge". */
const FOLDER = 'net/bridge';
const CALLS = ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables', 'bridge-nf-call-arptables'] as const;

/**
 * Whether frames that a bridge forwards are also given to the rules for IP packets of their namespace: so it is in each new namespace once
 * br_netfilter is loaded, by Docker or Kubernetes say, and costs a tenth of a sender's processor time even where there are no such rules. Before
 * Linux 5.3 only the machine's own namespace has these sysctls. `sysctls`: see `SysctlFolder`. Throws what node:fs throws.
 */
export function areFramesFiltered(sysctls: string): boolean {
  return CALLS.some((name) => readSysctl(`${sysctls}/${FOLDER}/${name}`) === '1');
}

/** Has it not be so, as far as it can be done; whether it is done. `sysctls`: as above. */
export function stopFilteringFrames(sysctls: string): boolean {
  try {
    for (const name of CALLS) {
      const path = `${sysctls}/${FOLDER}/${name}`;
      if (readSysctl(path) === '1') writeFileSync(path, '0');
    }
    return true;
  } catch (error) {
    // A /proc/sys that may not be written.
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Undefined where the module is not loaded. */
function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
