import fs from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;
const NAME = 'journal';

export function journalPath(directory: string): string {
  return join(directory, NAME);
}

interface Batch {
  readonly lines: string[];
  readonly ids: string[];
  readonly written: Promise<void>;
  readonly settle: (error: NetnsdError | null) => void;
}

/**
 * Leases on their way to files of their own: records as lines, appended to `STATE_DIR/journal`. All that are granted in one
 * turn of the event loop go in one write(2), so that a hundred leases at once cost one system call before their answers
 * and not five hundred. A line that was cut short was never answered, and counts for nothing.
 */
export class LeaseJournal {
  readonly #directory: string;
  #fd: number | null = null;
  #lengthBytes = 0;
  #batch: Batch | null = null;
  readonly #onLost: (ids: readonly string[]) => void;

  /** `onLost` hears of the leases of a turn that could not be written, before whoever waits for them does. */
  constructor(directory: string, onLost: (ids: readonly string[]) => void) {
    this.#directory = directory;
    this.#onLost = onLost;
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Adds a line about the endpoint `id`, which `committed` waits for. */
  append(line: string, id: string): void {
    this.#batch ??= this.#open();
    this.#batch.lines.push(line);
    this.#batch.ids.push(id);
  }

  /** Resolves when all lines are in the file; throws `state_write_failed`, and then none of their turn is. */
  committed(): Promise<void> {
    return this.#batch?.written ?? Promise.resolve();
  }

  /** Forgets every line: what they say stands elsewhere. */
  clear(): void {
    if (this.#fd === null || this.#lengthBytes === 0) return;
    fs.ftruncateSync(this.#fd, 0);
    this.#lengthBytes = 0;
  }

  #open(): Batch {
    let settle: Batch['settle'] = () => undefined;
    const written = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === null ? resolve() : reject(error));
    });
    // Whoever asked for the lease hears of a failure; a batch that nobody waits for must not end the process.
    written.catch(() => undefined);
    setImmediate(() => this.#write());
    return { lines: [], ids: [], written, settle };
  }

  #write(): void {
    const batch = this.#batch as Batch;
    this.#batch = null;
    try {
      this.#fd ??= fs.openSync(journalPath(this.#directory), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
      const bytes = Buffer.from(batch.lines.join(''));
      const written = fs.writeSync(this.#fd, bytes);
      if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes: no space left`);
      this.#lengthBytes += bytes.length;
      batch.settle(null);
    } catch (error) {
      this.#undo();
      this.#onLost(batch.ids);
      const { code = 'unknown', message } = error as NodeJS.ErrnoException;
      const details = { errno: code };
      const text = `${journalPath(this.#directory)} cannot be written: ${message}`;
      batch.settle(new NetnsdError('state_write_failed', text, { cause: error, details }));
    }
  }

  /** Half a batch must not be read as leases some day. */
  #undo(): void {
    try {
      if (this.#fd !== null) fs.ftruncateSync(this.#fd, this.#lengthBytes);
    } catch {
      // The next load finds lines whose leases reconcile as never used.
    }
  }
}
