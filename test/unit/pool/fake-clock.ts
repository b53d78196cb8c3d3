import type { Cancel, Clock } from '../../../src/pool/ports/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** Time that passes when the test says so. What is to happen soon happens at the next `settle` or `advance`. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #wallMs = Date.UTC(2026, 0, 1);
  #order = 0;
  readonly #timers = new Set<Timer>();

  wallMs(): number {
    return this.#wallMs + this.#nowMs;
  }

  /** The machine's clock is set. */
  jump(byMs: number): void {
    this.#wallMs += byMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, act: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(act: () => void): Cancel {
    return this.after(0, act);
  }

  /** How many timers wait for a later time. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets everything happen that is due now, and what follows from it, until nothing more does. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      // One turn of the real loop empties every chain of promises.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#fireDue()) quiet = -1;
    }
  }

  /** Lets time pass, stopping wherever something is due. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.settle();
    for (;;) {
      const next = Math.min(...Array.from(this.#timers, (timer) => timer.dueMs));
      if (next > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next);
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  #fireDue(): boolean {
    const due = [...this.#timers].filter((timer) => timer.dueMs <= this.#nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const timer of due) if (this.#timers.delete(timer)) timer.act();
    return due.length > 0;
  }
}
