import { readFileSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../errno.js';

/** ip-sysctl.rst, of the network namespace in which the calling thread stands. */
const FOLDER = '/proc/sys/net/ipv6/conf';

/** Links that are made from now on accept no router advertisements, so that they ask for none either. Throws what node:fs throws. */
export function refuseAdvertisements(): void {
  writeFileSync(`${FOLDER}/default/accept_ra`, '0');
}

/**
 * A link accepts no router advertisements, and has IPv6 although the namespace may have it switched off for new links. Throws what
 * node:fs throws.
 */
export function enableIpv6(link: string): void {
  for (const [name, value] of [
    ['disable_ipv6', '0'],
    ['accept_ra', '0'],
  ] as const) {
    const path = `${FOLDER}/${link}/${name}`;
    if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value);
  }
}

/** The same of a link that is to have no IPv6 of netnsd's, as far as it can be done: what comes from a container is not to change the host's routes. */
export function refuseAdvertisementsOf(link: string): void {
  try {
    const path = `${FOLDER}/${link}/accept_ra`;
    if (readFileSync(path, 'utf8').trim() !== '0') writeFileSync(path, '0');
  } catch (error) {
    // No IPv6 at all, or a /proc/sys that may not be written.
    if (errnoOf(error) === undefined) throw error;
  }
}
