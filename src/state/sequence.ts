import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

const NAME = 'sequence';
/** Numbers reserved by one write; a restart skips those that were not used. */
const NUMBERS_A_WRITE = 1024;

interface SequenceOptions {
  /** The greatest number of a record, and of an object in the kernel; 0: there is none. */
  readonly aboveRecords: number;
  readonly aboveObjects: number;
  /** The greatest number of which a name can be made. */
  readonly largest: number;
  /** The numbers of all endpoints. */
  readonly used: () => ReadonlySet<number>;
}

/**
 * Numbers for endpoints: ids and names of links are made of them. `STATE_DIR/sequence` holds the first one that was never
 * reserved, so none is used twice before `largest` is reached. After that they begin at 1 again, without those in use.
 */
export class FileSequence {
  readonly #path: string;
  readonly #options: SequenceOptions;
  #next: number;
  #reservedBelow: number;
  /** As of the last reservation: later ones are of this sequence. */
  #used: ReadonlySet<number> = new Set();

  constructor(directory: string, options: SequenceOptions) {
    this.#path = join(directory, NAME);
    this.#options = options;
    // Objects of the kernel count only where the file was lost: all that this daemon made is below what the file says.
    const first = readNumber(this.#path) ?? options.aboveObjects + 1;
    this.#next = Math.max(first, options.aboveRecords + 1);
    this.#reservedBelow = this.#next;
  }

  /** The next number; throws `state_write_failed` when no more can be reserved. */
  next(): number {
    do {
      if (this.#next > this.#options.largest) this.#next = this.#reservedBelow = 1;
      if (this.#next >= this.#reservedBelow) this.#reserve();
    } while (this.#used.has(this.#next++));
    return this.#next - 1;
  }

  /** Writes the file again, after it was removed. Throws `state_write_failed`. */
  rewrite(): void {
    this.#reserve();
  }

  #reserve(): void {
    this.#used = this.#options.used();
    const below = this.#next + NUMBERS_A_WRITE;
    try {
      replaceOwnFile(this.#path, `${below}\n`);
    } catch (error) {
      const { code = 'unknown', message } = error as NodeJS.ErrnoException;
      const details = { errno: code };
      throw new NetnsdError('state_write_failed', `${this.#path} cannot be written: ${message}`, {
        cause: error,
        details,
      });
    }
    this.#reservedBelow = below;
  }
}

function readNumber(path: string): number | undefined {
  try {
    const text = readOwnFile(path, 64);
    return /^[1-9][0-9]{0,14}\n$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
