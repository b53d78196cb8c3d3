import type { Cancel } from '../ports/clock.js';
import type { Clock } from '../ports/index.js';

/** Calls `ring` once, at the soonest of the times for which it was set since it last rang. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly dueMs: number; readonly cancel: Cancel } | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings `delayMs` from now at the latest; 0: in the next turn. */
  set(delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    if (this.#set !== null && this.#set.dueMs <= dueMs) return;
    this.cancel();
    const act = () => {
      this.#set = null;
      this.#ring();
    };
    this.#set = { dueMs, cancel: delayMs <= 0 ? this.#clock.soon(act) : this.#clock.after(delayMs, act) };
  }

  cancel(): void {
    this.#set?.cancel();
    this.#set = null;
  }
}
