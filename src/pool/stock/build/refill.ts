import type { NetnsdError } from '../../../errors.js';
import type { Cancel } from '../../ports/clock.js';
import type { Clock, PoolLog } from '../../ports/index.js';
import { oneLine } from '../../ports/log.js';
import type { PoolSettings } from '../../settings.js';
import type { Sizing } from '../../sizing/index.js';
import { Backoff } from '../backoff.js';
import { RETRY, type Reporter } from './reports.js';

export interface RefillOptions {
  readonly settings: PoolSettings;
  readonly clock: Clock;
  readonly log: PoolLog;
  readonly refillTimes: Pick<Sizing, 'built'>;
  readonly report: Reporter;
}

/** How a refill ended. */
interface RefillOutcome {
  readonly built: number;
  readonly tookMs: number;
  /** The first failure of a build. */
  readonly failure: NetnsdError | null;
  /** Why records cannot be written at the moment. */
  readonly unrecorded: string | null;
}

/** The kernel thread builds one of them while the main thread records the other: neither waits for the other. */
const MOST_UNDER_WAY = 2;

/** Says when the next refill may start: two at a time, and with backoff after one that failed. */
export class Refill {
  readonly #options: RefillOptions;
  readonly #backoff = new Backoff();
  #underWay = 0;
  #cancelRetry: Cancel | null = null;
  #trouble: string | null = null;
  #closed = false;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  /** Why endpoints cannot be built ahead, in one line; null where they can. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Whether a refill of `count` endpoints may start now; then it is under way until `ended`. */
  start(count: number): boolean {
    if (count <= 0) this.#trouble = null;
    if (this.#closed || this.#underWay === MOST_UNDER_WAY || this.#cancelRetry !== null || count <= 0) return false;
    this.#underWay += 1;
    return true;
  }

  /** A refill has ended, and was reported; one that failed is followed by a pause, the shortest if it built any. */
  ended({ built, tookMs, failure, unrecorded }: RefillOutcome): void {
    this.#underWay -= 1;
    if (failure === null && built > 0) this.#options.refillTimes.built(built, tookMs);
    if (unrecorded === null && built > 0) this.#backoff.reset();
    const reason = failure === null ? unrecorded : oneLine(failure);
    if (reason !== null) this.#pause(reason);
    else this.#recovered();
    this.#options.report(RETRY);
  }

  /** None may start any more. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  #pause(reason: string): void {
    const { settings, clock, log, report } = this.#options;
    if (this.#trouble === null)
      log.warn({ pool: settings.name, error: reason }, 'failed to build endpoints ahead; retrying');
    this.#trouble = reason;
    if (this.#closed || this.#cancelRetry !== null) return;
    this.#cancelRetry = clock.after(this.#backoff.next(), () => {
      this.#cancelRetry = null;
      report(RETRY);
    });
  }

  #recovered(): void {
    const { settings, log } = this.#options;
    if (this.#trouble !== null) log.info({ pool: settings.name }, 'endpoints are built ahead again');
    this.#trouble = null;
  }
}
