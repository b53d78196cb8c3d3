import { join } from 'node:path';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** What the host had before netnsd changed it, for `netnsd down`. */
const FILE = 'host.json';
const LARGEST_BYTES = 1 << 16;

export interface HostBefore {
  /** Whether it forwarded IPv4 packets. */
  readonly ipForward: boolean;
}

/** Undefined where netnsd changed nothing, or what it wrote cannot be read. */
export function readHostBefore(stateDir: string): HostBefore | undefined {
  try {
    const { ipForward } = JSON.parse(readOwnFile(join(stateDir, FILE), LARGEST_BYTES));
    return typeof ipForward === 'boolean' ? { ipForward } : undefined;
  } catch {
    return undefined;
  }
}

/** To be written before the host is changed; what stands there already was earlier, and stays. Throws what node:fs throws. */
export function writeHostBefore(stateDir: string, before: HostBefore): void {
  if (readHostBefore(stateDir) === undefined) replaceOwnFile(join(stateDir, FILE), `${JSON.stringify(before)}\n`);
}
