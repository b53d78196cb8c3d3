import type { Cancel } from '../../ports/clock.js';
import type { Clock, PoolLog } from '../../ports/index.js';
import { oneLine } from '../../ports/log.js';
import { Backoff } from '../backoff.js';

/** How long no write may fail for the trouble to be over: a full disk has room for one record after each that is removed. */
const PROOF_MS = 1000;
/** Trouble that is back within this time continues its backoff. */
const RELAPSE_MS = 60_000;

/**
 * Whether records can be written. Trouble lasts from the first write that fails until none has failed for a second: it is
 * logged once, writes are tried again with backoff, and its end is logged.
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
  #cancelProof: Cancel | null = null;
  #overMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** `retry` writes what is outstanding and calls `failed` or `worked`. */
  constructor(options: { pool: string; log: PoolLog; clock: Clock; retry: () => void }) {
    this.#options = options;
  }

  /** Why records cannot be written, in one line; null where they can. */
  get reason(): string | null {
    return this.#reason;
  }

  failed(error: unknown): void {
    const { pool, log, clock, retry } = this.#options;
    const reason = oneLine(error);
    this.#dropProof();
    if (this.#reason === null) {
      log.warn(
        { pool, error: reason },
        'failed to write records; nothing is built or leased until they can be written',
      );
      if (clock.monotonicMs() - this.#overMs > RELAPSE_MS) this.#backoff.reset();
    }
    this.#reason = reason;
    if (this.#closed || this.#cancelRetry !== null) return;
    this.#cancelRetry = clock.after(this.#backoff.next(), () => {
      this.#cancelRetry = null;
      retry();
    });
  }

  worked(): void {
    if (this.#reason === null || this.#closed || this.#cancelProof !== null) return;
    this.#cancelProof = this.#options.clock.after(PROOF_MS, () => this.#over());
  }

  #over(): void {
    const { pool, log, clock } = this.#options;
    this.#cancelProof = null;
    this.#reason = null;
    this.#overMs = clock.monotonicMs();
    this.#dropRetry();
    log.info({ pool }, 'records are written again');
  }

  #dropProof(): void {
    this.#cancelProof?.();
    this.#cancelProof = null;
  }

  #dropRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Tries nothing again. */
  close(): void {
    this.#closed = true;
    this.#dropProof();
    this.#dropRetry();
  }
}
