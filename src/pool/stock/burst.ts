import { BURST_MS } from '../sizing/index.js';

/** A stream of acquires without a pause is refilled at this interval, in milliseconds. */
const LONGEST_MS = 250;

/** A burst of warm acquires, which a refill waits out: until none came for `BURST_MS`, `LONGEST_MS` in all. */
export class Burst {
  #sinceMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  acquired(nowMs: number): void {
    if (nowMs - this.#lastMs >= BURST_MS) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** How long a refill still waits, in milliseconds. */
  leftMs(nowMs: number): number {
    return Math.max(0, Math.min(this.#lastMs + BURST_MS, this.#sinceMs + LONGEST_MS) - nowMs);
  }

  /** A refill starts: the next waits as long again. */
  refilled(nowMs: number): void {
    this.#sinceMs = nowMs;
  }
}
