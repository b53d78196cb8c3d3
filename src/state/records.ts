import fs from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { LeaseJournal } from './lease-journal.js';
import { loadRecords } from './load.js';
import type { EndpointKey, EndpointRecord, EndpointState } from './record.js';
import { encodeRecord, fileName, isEndpointId, temporaryName } from './record-file.js';
import type { RecordWarning } from './set-aside.js';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = fs.constants;

/** How long a burst of leases has the processor to itself before their files are written, in milliseconds. */
const FLUSH_AFTER_MS = 20;
/** The same where the processors are short: a lease that ends before never needs a file. */
const LONGEST_WAIT_MS = 1000;
/** How many files are written between two turns of the event loop: about a millisecond's work. */
const FILES_A_TURN = 16;
const LONGEST_JOURNAL_BYTES = 4 << 20;

/** The calls by which records are changed; tests cut them short. */
export type RecordFs = Pick<typeof fs, 'openSync' | 'writeSync' | 'closeSync' | 'renameSync' | 'unlinkSync'>;

/**
 * The records on disk: `STATE_DIR/STATE/ID.json`. A change of state is open, write, close, rename, unlink: about 22 µs on
 * tmpfs. (Rewriting the older file in place and renaming it takes half of that, but cut short it may lose both.)
 *
 * Cut short anywhere, it leaves the older file alone, or both, of which the later revision counts. Nothing is synced: the
 * files live on tmpfs, and what they describe dies with the kernel as they do.
 */
export class FileRecords {
  readonly #directory: string;
  readonly #fs: RecordFs;
  readonly #journal: LeaseJournal;
  readonly #isBusy: () => boolean;
  /** Leases for which only the journal speaks, and the state whose folder has their older file. */
  readonly #held = new Map<string, { readonly record: EndpointRecord; readonly previous: EndpointState | null }>();
  /** Endpoints of which the journal has a line, however old. */
  readonly #journaled = new Set<string>();
  /** Where the files of an earlier daemon stand, until they are replaced: the pool may have been told another state. */
  readonly #loaded = new Map<string, EndpointState>();
  /** Files that count for nothing and would not go; tried again at the next change of any record. */
  readonly #stuck = new Set<string>();
  #flushing = false;
  #heldSinceMs = 0;
  #revision = 0;

  /** `directory` is what `openStateDirectory` returned; `isBusy`: whether others need the processors more than files do. */
  constructor(directory: string, options: { readonly fs?: RecordFs; readonly isBusy?: () => boolean } = {}) {
    this.#directory = directory;
    this.#fs = options.fs ?? fs;
    this.#isBusy = options.isBusy ?? (() => false);
    // The older records stand then, and a later flush must not overrule them.
    this.#journal = new LeaseJournal(directory, (ids) => {
      for (const id of ids) this.#held.delete(id);
    });
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

  /** Writes the record into the folder of its state, atomically. Throws `state_write_failed`; then the older record stands. */
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
    this.#stuck.delete(path);
    // The new record counts from here on, so a failure to remove the older one is no failure of the write.
    this.#removeOlder(id, state, previous);
  }

  /** Every file of an endpoint but the one in the folder `kept`, and what would not go before. */
  #removeOlder(id: string, kept: EndpointState, previous: EndpointState | null = null): void {
    // What only the journal speaks for has no file of its own yet, and to look for one that is not there makes an error.
    const held = this.#held.get(id);
    const folders = new Set([held === undefined ? previous : held.previous, this.#loaded.get(id)]);
    this.#held.delete(id);
    this.#loaded.delete(id);
    for (const older of folders)
      if (older && older !== kept) this.#stuck.add(join(this.#directory, older, fileName(id)));
    for (const path of this.#stuck) if (this.#unlink(path)) this.#stuck.delete(path);
  }

  /** Forgets the record. One that is gone already is success; one that will not go is tried again with the next change. */
  remove(key: EndpointKey, state: EndpointState): void {
    const path = this.#path(state, key.id, fileName(key.id));
    // With no file to overrule it, a lease that has ended would come back with the next load.
    if (this.#journaled.has(key.id)) this.flush();
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

  /** Writes the record of a lease with all others of the same turn. Until its file is written, a while later, the journal speaks for the lease. */
  writeSoon(record: EndpointRecord, previous: EndpointState | null): void {
    this.#revision += 1;
    this.#journal.append(encodeRecord({ record, revision: this.#revision }), record.id);
    if (this.#held.size === 0) this.#heldSinceMs = performance.now();
    this.#held.set(record.id, { record, previous });
    this.#journaled.add(record.id);
    if (this.#journal.lengthBytes > LONGEST_JOURNAL_BYTES) this.flush();
    else this.#flushSoon();
  }

  /** Resolves when everything is in the file system; throws `state_write_failed`. */
  async committed(): Promise<void> {
    await this.#journal.committed();
  }

  /** Writes the files of all leases for which the journal speaks, and empties it. */
  flush(): void {
    this.#settle(Number.POSITIVE_INFINITY);
  }

  #flushSoon(afterMs = FLUSH_AFTER_MS): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setTimeout(() => {
      this.#flushing = false;
      if (this.#mayWait()) this.#flushSoon();
      else if (!this.#settle(FILES_A_TURN)) this.#flushSoon(this.#held.size > FILES_A_TURN ? 1 : FLUSH_AFTER_MS);
    }, afterMs).unref();
  }

  #mayWait(): boolean {
    return this.#held.size > 0 && performance.now() - this.#heldSinceMs < LONGEST_WAIT_MS && this.#isBusy();
  }

  /** Writes so many files; true when none is left. What cannot be written now stays the journal's. */
  #settle(most: number): boolean {
    let left = most;
    for (const { record, previous } of this.#held.values()) {
      if (left-- <= 0) return false;
      try {
        this.write(record, previous);
      } catch {
        return false;
      }
    }
    this.#journal.clear();
    this.#journaled.clear();
    return true;
  }

  /** False for a file that stays; the next load knows what to do with it, if nobody does before. */
  #unlink(path: string): boolean {
    try {
      this.#fs.unlinkSync(path);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
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
