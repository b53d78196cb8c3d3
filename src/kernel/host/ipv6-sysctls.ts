import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../errno.js';

const LINKS = 'net/ipv6/conf';
/** ip-sysctl.rst, of the network namespace in which the calling thread stands. */
const FOLDER = `/proc/sys/${LINKS}`;

/**
 * Links that are made from now on accept no router advertisements, so that they ask for none either. `sysctls`: see `SysctlFolder`. Throws what
 * node:fs throws.
 */
export function refuseAdvertisements(sysctls: string): void {
  writeFileSync(`${sysctls}/${LINKS}/default/accept_ra`, '0');
}

/**
 * Links that are made from now on have no IPv6: no addresses, no groups, and no route of theirs. (A namespace's route to ff00::/8 by each of
 * its links is compared with all others when it is added.) As far as it can be done. `sysctls`: see `SysctlFolder`.
 */
export function disableIpv6(sysctls: string): void {
  const path = `${sysctls}/${LINKS}/default/disable_ipv6`;
  try {
    if (readFileSync(path, 'utf8').trim() !== '1') writeFileSync(path, '1');
  } catch (error) {
    // No IPv6 at all, or a /proc/sys that may not be written.
    if (errnoOf(error) === undefined) throw error;
  }
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

/** Whether the host forwards IPv6 packets. Throws what node:fs throws. */
export function isForwardingIpv6(): boolean {
  return readFileSync(`${FOLDER}/all/forwarding`, 'utf8').trim() !== '0';
}

/**
 * The links, `default` among them, that accept router advertisements unless the host forwards (accept_ra is 1). A host that forwards forgets the
 * default routes that came by these, and takes none any more: see `setForwardingIpv6`. Throws what node:fs throws.
 */
export function advertisementsAccepted(): string[] {
  return readdirSync(FOLDER).filter((link) => link !== 'all' && link !== 'lo' && acceptance(link) === '1');
}

/**
 * Switches forwarding of IPv6 on, and has these links accept router advertisements all the same (accept_ra 2), before that; or both as they
 * were. A link that is gone by now, or has another value, is passed over. Throws what node:fs throws.
 */
export function setForwardingIpv6(on: boolean, links: readonly string[]): void {
  const [from, to] = on ? ['1', '2'] : ['2', '1'];
  if (!on) writeFileSync(`${FOLDER}/all/forwarding`, '0');
  for (const link of links) if (acceptance(link) === from) writeFileSync(`${FOLDER}/${link}/accept_ra`, to);
  if (on) writeFileSync(`${FOLDER}/all/forwarding`, '1');
}

function acceptance(link: string): string | undefined {
  try {
    return readFileSync(`${FOLDER}/${link}/accept_ra`, 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
