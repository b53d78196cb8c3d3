import { Backoff } from './backoff.js';
import type { Cancel, Clock } from './clock.js';
import { oneLine, type PoolLog } from './log.js';

/**
 * That records cannot be written, from the first that could not to the first that could: said once, tried again with
 * backoff, and said once more when it is over.
 */
export class RecordTrouble {
  readonly #options: {
    readonly pool: string;
    readonly log: PoolLog;
    readonly clock: Clock;
    readonly retry: () => void;
  };
  readonly #backoff = new Backoff();
  #reason: string | null = null;
  #cancelRetry: Cancel | null = null;
  #closed = false;

  /** `retry` is to write what is to be written and to tell `failed` or `worked`. */
  constructor(options: { pool: string; log: PoolLog; clock: Clock; retry: () => void }) {
    this.#options = options;
  }

  /** Why they cannot be written, in one line; null where they can. */
  get reason(): string | null {
    return this.#reason;
  }

  failed(error: unknown): void {
    const { pool, log, clock, retry } = this.#options;
    const reason = oneLine(error);
    if (this.#reason === null)
      log.warn({ pool, error: reason }, 'records cannot be written, so nothing is built or leased until they can');
    this.#reason = reason;
    if (this.#closed || this.#cancelRetry !== null) return;
    this.#cancelRetry = clock.after(this.#backoff.next(), () => {
      this.#cancelRetry = null;
      retry();
    });
  }

  worked(): void {
    if (this.#reason === null) return;
    this.#reason = null;
    this.#backoff.reset();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#options.log.info({ pool: this.#options.pool }, 'records are written again');
  }

  /** Nothing is tried again. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }
}
