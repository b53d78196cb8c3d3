import fs from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import type { EndpointKey, EndpointRecord, EndpointState, Records } from '../pool/types.js';
import { loadRecords, type RecordWarning } from './load.js';
import { encodeRecord, fileName, isEndpointId, temporaryName } from './record-file.js';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = fs.constants;

/** How long an outdated file may stay beside a lease, in milliseconds. */
const UNLINK_AFTER_MS = 20;

/** The calls by which records are changed; tests cut them short. */
export type RecordFs = Pick<typeof fs, 'openSync' | 'writeSync' | 'closeSync' | 'renameSync' | 'unlinkSync'>;

/**
 * The records on disk: `STATE_DIR/STATE/ID.json`. A change of state is open, write, close, rename, unlink: about 22 µs on
 * tmpfs. (Rewriting the older file in place and renaming it takes half of that, but cut short it may lose both.)
 *
 * Cut short anywhere, it leaves the older file alone, or both, of which the later revision counts. Nothing is synced: the
 * files live on tmpfs, and what they describe dies with the kernel as they do.
 */
export class FileRecords implements Records {
  readonly #directory: string;
  readonly #fs: RecordFs;
  readonly #outdated = new Set<string>();
  #revision = 0;

  /** `directory` is what `openStateDirectory` returned. */
  constructor(directory: string, options: { readonly fs?: RecordFs } = {}) {
    this.#directory = directory;
    this.#fs = options.fs ?? fs;
  }

  /**
   * All valid records, one an endpoint, oldest first. What is no record is set aside, what a crash left half-done is
   * removed, and `warn` hears of each file; nothing found is fatal. To be called once, before the first write.
   */
  load(warn: (warning: RecordWarning) => void): EndpointRecord[] {
    const stored = loadRecords(this.#directory, warn);
    for (const { revision } of stored) this.#revision = Math.max(this.#revision, revision);
    return stored.map(({ record }) => record);
  }

  /** See `Records`. Throws `state_write_failed`; then the older record stands. */
  write(record: EndpointRecord, previous: EndpointState | null): void {
    const { id, state } = record;
    const temporary = this.#path(state, id, temporaryName(id));
    const path = join(this.#directory, state, fileName(id));
    try {
      this.#create(temporary, encodeRecord({ record, revision: this.#revision + 1 }));
      this.#fs.renameSync(temporary, path);
    } catch (error) {
      this.#unlink(temporary);
      throw failed(`record ${path} cannot be written`, error);
    }
    this.#revision += 1;
    this.#outdated.delete(path);
    // The new record counts from here on, so a failure to remove the older one is no failure of the write.
    if (previous === null || previous === state) return;
    const older = join(this.#directory, previous, fileName(id));
    if (state === 'leased') this.#unlinkSoon(older);
    else this.#unlink(older);
  }

  /** See `Records`. A record that is gone already is success. */
  remove(key: EndpointKey, state: EndpointState): void {
    const path = this.#path(state, key.id, fileName(key.id));
    // What counts goes last: an older file must not come back to life.
    this.flush();
    try {
      this.#fs.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(`record ${path} cannot be removed`, error);
    }
  }

  #create(path: string, text: string): void {
    // O_TRUNC, not O_EXCL: what stands under a temporary name is a failed write's, and counts for nothing.
    const fd = this.#fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      const length = Buffer.byteLength(text);
      const written = this.#fs.writeSync(fd, text);
      if (written !== length) throw new Error(`only ${written} of ${length} bytes were written: no space left`);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  /** Removes the files that a newer record has taken the place of, and that are still there for the sake of speed. */
  flush(): void {
    for (const path of this.#outdated) this.#unlink(path);
    this.#outdated.clear();
  }

  /**
   * A third of a change of state is the unlink, and a container waits for none of it: after a lease it is done when the
   * burst is over. Until then both files are there, as after a crash, and the later revision counts.
   */
  #unlinkSoon(path: string): void {
    if (this.#outdated.size === 0) setTimeout(() => this.flush(), UNLINK_AFTER_MS).unref();
    this.#outdated.add(path);
  }

  #unlink(path: string): void {
    try {
      this.#fs.unlinkSync(path);
    } catch {
      // Absent, or left for the next load, which knows what to do with it.
    }
  }

  #path(state: EndpointState, id: string, name: string): string {
    if (!isEndpointId(id)) throw new NetnsdError('internal', `not an endpoint id: ${JSON.stringify(id)}`);
    return join(this.#directory, state, name);
  }
}

function failed(what: string, cause: unknown): NetnsdError {
  const { code = 'unknown', message } = cause as NodeJS.ErrnoException;
  return new NetnsdError('state_write_failed', `${what}: ${message}`, { cause, details: { errno: code } });
}
