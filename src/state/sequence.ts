import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

const NAME = 'sequence';
/** One write for this many numbers; a restart skips what was left of them. */
const NUMBERS_A_WRITE = 1024;

/**
 * Numbers that no endpoint of this state directory ever had, restarts included: `STATE_DIR/sequence` holds the first one
 * that was never set aside for use. Ids and names of links are made of them, so none may come twice.
 */
export class FileSequence {
  readonly #path: string;
  #next: number;
  #reservedBelow: number;

  /** `above` is the greatest number of any record that was found, in case the file was lost; 0 if there is none. */
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

/** 1 where there is no number to be read. */
function readNumber(path: string): number {
  try {
    const text = readOwnFile(path, 64);
    return /^[1-9][0-9]{0,14}\n$/.test(text) ? Number(text) : 1;
  } catch {
    return 1;
  }
}
