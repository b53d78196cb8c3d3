import type { Cancel, Clock } from './ports/clock.js';

export interface DeferralOptions {
  readonly clock: Clock;
  /** Whether processors are short. */
  readonly isBusy: () => boolean;
  /** The longest time by which work is put off, in milliseconds. */
  readonly longestMs: number;
  /** How often it is checked whether processors are free again, in milliseconds. */
  readonly checkMs: number;
}

/** A busy machine pauses now and then: put-off work runs after so many checks in a row that found processors free. */
const FREE_CHECKS = 2;

/**
 * The policy for work that no client waits for: it runs in the next turn when processors are free, otherwise when they are
 * free again, after `longestMs` at the latest, and at once when a client waits for it after all.
 */
export class Deferral {
  readonly #options: DeferralOptions;
  #work: (() => void) | null = null;
  #cancel: Cancel | null = null;
  #deferredSinceMs: number | null = null;
  #freeChecks = 0;
  #urgentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: DeferralOptions) {
    this.#options = options;
  }

  /** Whether work is scheduled and has not run yet. */
  get isPending(): boolean {
    return this.#work !== null;
  }

  /** Schedules `work`, once. Ignored while other work is pending: one run does for both. */
  schedule(work: () => void): void {
    if (this.#work !== null) return;
    this.#work = work;
    this.#cancel = this.#options.clock.soon(() => this.#check());
  }

  /** For so long, clients wait for what the work brings or are about to: nothing is put off beyond its next check. */
  expectClients(forMs: number): void {
    this.#urgentUntilMs = Math.max(this.#urgentUntilMs, this.#options.clock.monotonicMs() + forMs);
  }

  /** A client waits: pending work runs in the next turn, and for `forMs` nothing is put off. */
  runNow(forMs: number): void {
    this.expectClients(forMs);
    if (this.#deferredSinceMs === null) return;
    this.#cancel?.();
    this.#cancel = this.#options.clock.soon(() => this.#check());
  }

  /** Drops pending work. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#work = null;
    this.#deferredSinceMs = null;
  }

  #check(): void {
    if (this.#mustWait()) {
      this.#cancel = this.#options.clock.after(this.#options.checkMs, () => this.#check());
      return;
    }
    const work = this.#work;
    this.cancel();
    work?.();
  }

  #mustWait(): boolean {
    const { clock, isBusy, longestMs } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#urgentUntilMs) return false;
    this.#freeChecks = isBusy() ? 0 : this.#freeChecks + 1;
    // Where nothing was put off, nothing shows that others are about to go on.
    if (this.#freeChecks >= (this.#deferredSinceMs === null ? 1 : FREE_CHECKS)) return false;
    this.#deferredSinceMs ??= nowMs;
    return nowMs - this.#deferredSinceMs < longestMs;
  }
}
