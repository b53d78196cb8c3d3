import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

const NAME = 'sequence';
/** Numbers reserved by one write; a restart skips those that were not used. */
const NUMBERS_A_WRITE = 1024;

/**
 * Numbers that no endpoint of this state directory has had, restarts included: `STATE_DIR/sequence` holds the first one that was
 * never reserved. Ids and names of links are made of them, so none is used twice.
 */
export class FileSequence {
  readonly #path: string;
  #next: number;
  #reservedBelow: number;

  /** `above` is the greatest number that was found in use, in case the file was lost; 0 if there is none. */
  constructor(directory: string, options: { readonly above: number }) {
    this.#path = join(directory, NAME);
    this.#next = Math.max(readNumber(this.#path), options.above + 1);
    this.#reservedBelow = this.#next;
  }

  /** The next number; throws `state_write_failed` when no more can be reserved. */
  next(): number {
    if (this.#next >= this.#reservedBelow) this.#reserve();
    return this.#next++;
  }

  /** Writes the file again, after it was removed. Throws `state_write_failed`. */
  rewrite(): void {
    this.#reserve();
  }

  #reserve(): void {
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

/** 1 if no number can be read. */
function readNumber(path: string): number {
  try {
    const text = readOwnFile(path, 64);
    return /^[1-9][0-9]{0,14}\n$/.test(text) ? Number(text) : 1;
  } catch {
    return 1;
  }
}
