import fs from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { readOwnFile, replaceOwnFile, throwIfTransient } from './own-file.js';
import type { RecordWarning } from './records/set-aside.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;
const NAME = 'cooldowns';
const LINE = /^([0-9.]{7,15}) (\d{1,15})$/;
/** 2 million lines; netnsd writes no file of that size. */
const LARGEST_BYTES = 1 << 26;
/** How many lines there may be beside one for each address that cools down before the file is rewritten. */
const SPARE_LINES = 4096;

/** An IPv4 address that cools down, and since when, on the monotonic clock. */
export interface StoredCooldown {
  readonly address: string;
  readonly sinceMs: number;
}

/**
 * The addresses that cool down, in `STATE_DIR/cooldowns`: one line each, `ADDRESS SINCE_MS`, appended by one write(2), which takes
 * about 4 µs on tmpfs. The last line of an address counts. The file is rewritten without expired cooldowns when it has grown.
 */
export class CooldownFile {
  readonly #directory: string;
  readonly #keepMs: number;
  readonly #sinceMs = new Map<string, number>();
  #fd: number | null = null;
  #lines = 0;
  /** Lines that could not be written yet. */
  #unwritten = '';

  /** `directory` is what `openStateDirectory` returned; cooldowns older than `keepMs` have expired. */
  constructor(directory: string, options: { readonly keepMs: number }) {
    this.#directory = directory;
    this.#keepMs = options.keepMs;
  }

  get #path(): string {
    return join(this.#directory, NAME);
  }

  /**
   * The cooldowns that an earlier daemon wrote. A line that is not one is skipped; `warn` is called for a file that netnsd did not
   * write. Throws `state_unusable` if the file cannot be read for lack of resources: the cooldowns are not given up for that.
   */
  load(warn: (warning: RecordWarning) => void): StoredCooldown[] {
    if (fs.lstatSync(this.#path, { throwIfNoEntry: false }) === undefined) return [];
    let text: string;
    try {
      text = readOwnFile(this.#path, LARGEST_BYTES);
    } catch (error) {
      throwIfTransient(error, this.#path);
      warn({ path: this.#path, problem: (error as Error).message, movedTo: null });
      return [];
    }
    for (const line of text.split('\n')) {
      const [, address, sinceMs] = LINE.exec(line) ?? [];
      if (address !== undefined && isIPv4(address)) this.#note(address, Number(sinceMs));
    }
    // The last line may be incomplete, and nothing may be appended to it: rewrite with the next one.
    this.#lines = Number.POSITIVE_INFINITY;
    return Array.from(this.#sinceMs, ([address, sinceMs]) => ({ address, sinceMs }));
  }

  /** Records that an address cools down from now on. Throws what node:fs throws; then it is written with the next one. */
  add(address: string, nowMs: number): void {
    const sinceMs = Math.ceil(nowMs);
    this.#note(address, sinceMs);
    this.#unwritten += `${address} ${sinceMs}\n`;
    this.#lines += 1;
    if (this.#lines > this.#sinceMs.size + SPARE_LINES) this.#rewrite(nowMs);
    else this.#append();
  }

  /** Writes the file again, after it was removed. Throws what node:fs throws. */
  rewrite(nowMs: number): void {
    if (this.#sinceMs.size > 0) this.#rewrite(nowMs);
    else this.close();
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    try {
      if (fd !== null) fs.closeSync(fd);
    } catch {
      // What was written is in the file, and the descriptor is closed in any case: close(2).
    }
  }

  /** The latest comes last, so the expired ones are at the beginning. */
  #note(address: string, sinceMs: number): void {
    this.#sinceMs.delete(address);
    this.#sinceMs.set(address, sinceMs);
  }

  #append(): void {
    this.#fd ??= fs.openSync(this.#path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    const bytes = Buffer.from(this.#unwritten);
    const written = fs.writeSync(this.#fd, bytes);
    if (written !== bytes.length) {
      // The next line must not follow half a line.
      this.#lines = Number.POSITIVE_INFINITY;
      throw new Error(`only ${written} of ${bytes.length} bytes were written: no space left`);
    }
    this.#unwritten = '';
  }

  #rewrite(nowMs: number): void {
    for (const [address, sinceMs] of this.#sinceMs) {
      if (sinceMs > nowMs - this.#keepMs) continue;
      this.#sinceMs.delete(address);
    }
    replaceOwnFile(this.#path, Array.from(this.#sinceMs, ([address, sinceMs]) => `${address} ${sinceMs}\n`).join(''));
    this.close();
    this.#lines = this.#sinceMs.size;
    this.#unwritten = '';
  }
}
