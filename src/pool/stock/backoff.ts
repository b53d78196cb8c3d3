const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/**
 * The delay before the next try: 100 ms, then twice as long each time, 30 s at the most. Hand-written: packages that retry
 * sleep and call themselves, and here the pool decides, by its own clock.
 */
export class Backoff {
  #delayMs = FIRST_DELAY_MS;

  /** The delay before the coming try, in milliseconds. */
  next(): number {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  }

  /** A try succeeded: the next delay is the first one again. */
  reset(): void {
    this.#delayMs = FIRST_DELAY_MS;
  }
}
