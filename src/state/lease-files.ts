import fs from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { LEASE_FILES } from './layout.js';

const LEASE_ID = /^[0-9a-f]{16}$/;

/**
 * Files that a lease's container sees, in `STATE_DIR/dns/LEASE_ID/`. They are removed when the lease ends; a start removes
 * those whose lease has ended since.
 */
export class LeaseFiles {
  readonly #directory: string;
  /** Ids of leases that have files. */
  readonly #held = new Set<string>();

  /** `directory` is what `openStateDirectory` returned. */
  constructor(directory: string) {
    this.#directory = join(directory, LEASE_FILES);
  }

  /**
   * Writes files by name, each by a rename, so that a container that has an older one mounted keeps it whole. Returns their
   * absolute paths. Throws `state_write_failed`; then some of the older files may have been replaced.
   */
  write<K extends string>(leaseId: string, texts: Readonly<Record<K, string>>): Record<K, string> {
    if (!LEASE_ID.test(leaseId)) throw new NetnsdError('internal', `not a lease id: ${JSON.stringify(leaseId)}`);
    const folder = join(this.#directory, leaseId);
    this.#held.add(leaseId);
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const paths = Object.entries<string>(texts).map(([name, text]) => [name, writeFile(join(folder, name), text)]);
      return Object.fromEntries(paths) as Record<K, string>;
    } catch (error) {
      const { code = 'unknown', message } = error as NodeJS.ErrnoException;
      throw new NetnsdError('state_write_failed', `files of lease ${leaseId} cannot be written: ${message}`, {
        cause: error,
        details: { errno: code },
      });
    }
  }

  /** Removes a lease's files. Without any, no system call is made. Containers that have them mounted keep them. */
  remove(leaseId: string): void {
    if (!this.#held.delete(leaseId)) return;
    fs.rmSync(join(this.#directory, leaseId), { recursive: true, force: true });
  }

  /** After a restart: keeps the files of the leases that `isLeased`, and removes all others. Returns the names of the removed. */
  removeEnded(isLeased: (leaseId: string) => boolean): string[] {
    const removed: string[] = [];
    for (const name of entriesOf(this.#directory)) {
      if (isLeased(name)) this.#held.add(name);
      else {
        fs.rmSync(join(this.#directory, name), { recursive: true, force: true });
        removed.push(name);
      }
    }
    return removed;
  }
}

/** Readable by all, since containers run as any user; the folders above it keep the users of the host out. */
function writeFile(path: string, text: string): string {
  const temporary = `${path}.new`;
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' });
  // The umask has cut the mode.
  fs.chmodSync(temporary, 0o644);
  fs.renameSync(temporary, path);
  return path;
}

function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
