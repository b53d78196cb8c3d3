import fs from 'node:fs';
import { NetnsdError } from '../../errors.js';
import type { EndpointKey, EndpointRecord, EndpointState } from '../record.js';
import { loadRecords } from './load.js';
import { encodeRecord, fileName, isEndpointId, temporaryName } from './record-file.js';
import type { RecordWarning } from './set-aside.js';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = fs.constants;

/** The calls by which records are changed; tests cut them short. */
export type RecordFs = Pick<typeof fs, 'openSync' | 'writeSync' | 'closeSync' | 'renameSync' | 'unlinkSync'>;

/**
 * The records on disk: `STATE_DIR/STATE/ID.json`. A change of state is open, write, close, rename, unlink: about 22 µs on
 * tmpfs. (Rewriting the older file in place and renaming it takes half of that, but a crash in between may lose both.)
 *
 * A crash at any point leaves the older file, or both, of which the later revision counts. Nothing is synced: the files
 * live on tmpfs, and what they describe ends with the kernel as they do.
 */
export class FileRecords {
  readonly #directory: string;
  readonly #fs: RecordFs;
  /** Where the files of an earlier daemon are, until they are replaced: the pool may have been given another state. */
  readonly #loaded = new Map<string, EndpointState>();
  /** Superseded files that could not be removed; tried again at the next change of any record. */
  readonly #stuck = new Set<string>();
  #revision = 0;

  /** `directory` is what `openStateDirectory` returned. */
  constructor(directory: string, options: { readonly fs?: RecordFs } = {}) {
    this.#directory = directory;
    this.#fs = options.fs ?? fs;
  }

  /**
   * All valid records, one an endpoint, oldest first. What is no record is set aside, what a crash left half-done is
   * removed, and `warn` hears of each file; nothing found is fatal. Throws
   * `state_unusable` where a file cannot be read for lack of resources. To be called once, before the first write.
   */
  load(warn: (warning: RecordWarning) => void): EndpointRecord[] {
    const stored = loadRecords(this.#directory, { warn, stuck: this.#stuck });
    for (const { record, revision } of stored) {
      this.#revision = Math.max(this.#revision, revision);
      this.#loaded.set(record.id, record.state);
    }
    return stored.map(({ record }) => record);
  }

  /** Writes the record into the folder of its state, atomically. Throws `state_write_failed`; then the older record counts. */
  write(record: EndpointRecord, previous: EndpointState | null): void {
    const { id, state } = record;
    assertEndpointId(id);
    const temporary = this.#path(state, temporaryName(id));
    const path = this.#path(state, fileName(id));
    try {
      this.#create(temporary, encodeRecord({ record, revision: this.#revision + 1 }));
      this.#fs.renameSync(temporary, path);
    } catch (error) {
      this.#unlink(temporary);
      throw failed(`record ${path} cannot be written`, error);
    }
    this.#revision += 1;
    this.#stuck.delete(path);
    // The new record counts from here on, so a failure to remove the older one is no failure of the write.
    this.#removeOlder(id, state, previous);
  }

  /** Removes the endpoint's files in other folders than `kept`, and what could not be removed before. */
  #removeOlder(id: string, kept: EndpointState, previous: EndpointState | null = null): void {
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) this.#loaded.delete(id);
    for (const path of this.#stuck) if (this.#unlink(path)) this.#stuck.delete(path);
    if (previous !== null && previous !== kept) this.#removeOrKeep(this.#path(previous, fileName(id)));
    if (loaded !== undefined && loaded !== kept && loaded !== previous)
      this.#removeOrKeep(this.#path(loaded, fileName(id)));
  }

  /** A superseded file: where it cannot be removed now, it is tried again. */
  #removeOrKeep(path: string): void {
    if (!this.#unlink(path)) this.#stuck.add(path);
  }

  /** Removes the record. One that is absent is success; one that cannot be removed is tried again with the next change. */
  remove(key: EndpointKey, state: EndpointState): void {
    assertEndpointId(key.id);
    const path = this.#path(state, fileName(key.id));
    this.#removeOlder(key.id, state);
    try {
      this.#fs.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#stuck.add(path);
      throw failed(`record ${path} cannot be removed`, error);
    }
  }

  #create(path: string, text: string): void {
    // O_TRUNC, not O_EXCL: a file under a temporary name was left by a failed write.
    const fd = this.#fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      const length = Buffer.byteLength(text);
      const written = this.#fs.writeSync(fd, text);
      if (written !== length) throw new Error(`only ${written} of ${length} bytes were written: no space left`);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  /** False for a file that could not be removed; the next load removes it at the latest. */
  #unlink(path: string): boolean {
    try {
      this.#fs.unlinkSync(path);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
  }

  #path(state: EndpointState, name: string): string {
    return `${this.#directory}/${state}/${name}`;
  }
}

/** An id becomes the name of a file. */
function assertEndpointId(id: string): void {
  if (!isEndpointId(id)) throw new NetnsdError('internal', `not an endpoint id: ${JSON.stringify(id)}`);
}

function failed(what: string, cause: unknown): NetnsdError {
  const { code = 'unknown', message } = cause as NodeJS.ErrnoException;
  return new NetnsdError('state_write_failed', `${what}: ${message}`, { cause, details: { errno: code } });
}
