import fs from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { LEASE_FILES } from './layout.js';
import { entriesOf } from './own-file.js';

const LEASE_ID = /^[0-9a-f]{16}$/;

/**
 * Files that a lease's container sees, in `STATE_DIR/dns/LEASE_ID/`: the daemon writes them, or the client that takes the
 * lease from the shelf. They are removed when the lease ends; a start removes those whose lease did not outlive the daemon.
 */
export class LeaseFiles {
  readonly #directory: string;
  /** What was there when this was made. */
  readonly #found: readonly string[];

  /**
   * `directory` is what `openStateDirectory` returned. Made before the shelf is read: then the lease of each folder that is
   * there was taken already, and folders that clients make later are not swept.
   */
  constructor(directory: string) {
    this.#directory = join(directory, LEASE_FILES);
    this.#found = entriesOf(this.#directory);
  }

  /**
   * Writes files by name, each by a rename, so that a container that has an older one mounted keeps it whole. Returns their
   * absolute paths. Throws `state_write_failed`; then some of the older files may have been replaced.
   */
  write<K extends string>(leaseId: string, texts: Readonly<Record<K, string>>): Record<K, string> {
    if (!LEASE_ID.test(leaseId)) throw new NetnsdError('internal', `not a lease id: ${JSON.stringify(leaseId)}`);
    const folder = join(this.#directory, leaseId);
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

  /** Removes a lease's files, if it has any. Containers that have them mounted keep them. */
  remove(leaseId: string): void {
    fs.rmSync(join(this.#directory, leaseId), { recursive: true, force: true });
  }

  /** After a start: of what was found, removes all but the files of leases that `isLeased`. Returns the names of the removed. */
  removeEnded(isLeased: (leaseId: string) => boolean): string[] {
    const removed = this.#found.filter((name) => !isLeased(name));
    for (const name of removed) fs.rmSync(join(this.#directory, name), { recursive: true, force: true });
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
