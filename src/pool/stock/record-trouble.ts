import type { Cancel, Clock } from '../clock.js';
import { oneLine, type PoolLog } from '../log.js';
import { Backoff } from './backoff.js';

/** How long nothing may fail for the trouble to be over: a full disk has room for one record after each that went. */
const PROOF_MS = 1000;
/** Trouble that is back within this time goes on with its backoff. */
const RELAPSE_MS = 60_000;

/**
 * That records cannot be written, from the first that could not until all could for a second: said once, tried again with
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
  #cancelProof: Cancel | null = null;
  #overMs = Number.NEGATIVE_INFINITY;
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
    this.#dropProof();
    if (this.#reason === null) {
      log.warn({ pool, error: reason }, 'records cannot be written, so nothing is built or leased until they can');
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

  /** Nothing is tried again. */
  close(): void {
    this.#closed = true;
    this.#dropProof();
    this.#dropRetry();
  }
}
