import fs from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { readOwnFile, refuseHardship, replaceOwnFile } from './own-file.js';
import type { RecordWarning } from './set-aside.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;
const NAME = 'resting';
const LINE = /^([0-9.]{7,15}) (\d{1,15})$/;
/** 2 million lines; a file of that size was not written by netnsd. */
const LARGEST_BYTES = 1 << 26;
/** How many lines there may be, besides one for each address in cooldown, before the file is rewritten. */
const SPARE_LINES = 4096;

/** An IPv4 address in cooldown, and the start of its cooldown on the monotonic clock. */
export interface AddressInCooldown {
  readonly address: string;
  readonly sinceMs: number;
}

/**
 * The addresses in cooldown, in `STATE_DIR/resting`: one line each, `ADDRESS SINCE_MS`, appended by one write(2) of about
 * 4 µs on tmpfs; the latest line of an address counts. When it has grown, it is rewritten without ended cooldowns.
 */
export class CooldownFile {
  readonly #directory: string;
  readonly #keepMs: number;
  readonly #sinceMs = new Map<string, number>();
  #fd: number | null = null;
  #lines = 0;
  /** What could not be written yet. */
  #unwritten = '';

  /** `directory` is what `openStateDirectory` returned; cooldowns that began more than `keepMs` ago have ended. */
  constructor(directory: string, options: { readonly keepMs: number }) {
    this.#directory = directory;
    this.#keepMs = options.keepMs;
  }

  get #path(): string {
    return join(this.#directory, NAME);
  }

  /**
   * What an earlier daemon wrote; invalid lines are skipped, and `warn` is called for an invalid file. Throws
   * `state_unusable` where the machine lacks what reading takes: cooldowns are not given up for that.
   */
  load(warn: (warning: RecordWarning) => void): AddressInCooldown[] {
    if (fs.lstatSync(this.#path, { throwIfNoEntry: false }) === undefined) return [];
    let text: string;
    try {
      text = readOwnFile(this.#path, LARGEST_BYTES);
    } catch (error) {
      refuseHardship(error, this.#path);
      warn({ path: this.#path, problem: (error as Error).message, movedTo: null });
      return [];
    }
    for (const line of text.split('\n')) {
      const [, address, sinceMs] = LINE.exec(line) ?? [];
      if (address !== undefined && isIPv4(address)) this.#note(address, Number(sinceMs));
    }
    // The last line may be half of one, which an appended one must not follow.
    this.#lines = Number.POSITIVE_INFINITY;
    return Array.from(this.#sinceMs, ([address, sinceMs]) => ({ address, sinceMs }));
  }

  /** Records that the cooldown of an address starts now. Throws what node:fs throws; then it is written with the next one. */
  add(address: string, nowMs: number): void {
    const sinceMs = Math.ceil(nowMs);
    this.#note(address, sinceMs);
    this.#unwritten += `${address} ${sinceMs}\n`;
    this.#lines += 1;
    if (this.#lines > this.#sinceMs.size + SPARE_LINES) this.#rewrite(nowMs);
    else this.#append();
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    try {
      if (fd !== null) fs.closeSync(fd);
    } catch {
      // What was written stands, and the descriptor is gone in any case: close(2).
    }
  }

  /** The latest comes last, so that ended cooldowns are at the beginning. */
  #note(address: string, sinceMs: number): void {
    this.#sinceMs.delete(address);
    this.#sinceMs.set(address, sinceMs);
  }

  #append(): void {
    this.#fd ??= fs.openSync(this.#path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    const bytes = Buffer.from(this.#unwritten);
    const written = fs.writeSync(this.#fd, bytes);
    if (written !== bytes.length) {
      // Half a line would spoil the one after it.
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
