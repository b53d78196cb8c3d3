import { join } from 'node:path';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** What the host had before netnsd changed it, for `netnsd down`. */
const FILE = 'host.json';
const LARGEST_BYTES = 1 << 16;

export interface HostBefore {
  /** Whether it forwarded IPv4 packets. */
  readonly ipForward?: boolean;
  /** Whether it forwarded IPv6 packets. */
  readonly ipv6Forward?: boolean;
  /** Links, and `default`, whose accept_ra was 1: they accept router advertisements unless the host forwards. */
  readonly acceptRa?: readonly string[];
}

/** Nothing where netnsd changed nothing, or what it wrote cannot be read. */
export function readHostBefore(stateDir: string): HostBefore {
  try {
    const { ipForward, ipv6Forward, acceptRa } = JSON.parse(readOwnFile(join(stateDir, FILE), LARGEST_BYTES));
    return {
      ...(typeof ipForward === 'boolean' && { ipForward }),
      ...(typeof ipv6Forward === 'boolean' && { ipv6Forward }),
      ...(Array.isArray(acceptRa) && { acceptRa: acceptRa.filter(isLink) }),
    };
  } catch {
    return {};
  }
}

/** To be written before the host is changed; what stands there already was earlier, and stays. Throws what node:fs throws. */
export function writeHostBefore(stateDir: string, before: HostBefore): void {
  const known = readHostBefore(stateDir);
  const acceptRa = [...new Set([...(known.acceptRa ?? []), ...(before.acceptRa ?? [])])];
  const all = { ...before, ...known, ...(acceptRa.length > 0 && { acceptRa }) };
  if (JSON.stringify(all) !== JSON.stringify(known)) replaceOwnFile(join(stateDir, FILE), `${JSON.stringify(all)}\n`);
}

/** A name of a link becomes part of a path. */
function isLink(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\s]{1,15}$/.test(value) && value !== '.' && value !== '..';
}
