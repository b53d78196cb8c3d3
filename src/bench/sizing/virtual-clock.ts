import type { Cancel, Clock } from '../../pool/ports/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly act: () => void;
  cancelled: boolean;
}

/** Time that passes as fast as the work in it is done. Timers are a binary heap: a day has a million of them. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Timer[] = [];

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, act: () => void): Cancel {
    const timer: Timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, act, cancelled: false };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return () => {
      timer.cancelled = true;
    };
  }

  soon(act: () => void): Cancel {
    return this.after(0, act);
  }

  /** Lets everything happen until nothing is due any more by `untilMs`; what promises bring about happens in between. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      // One turn of the real loop empties every chain of promises.
      await new Promise((resolve) => setImmediate(resolve));
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > untilMs) break;
      this.#nowMs = first.dueMs;
      // What is due at this very moment already, in its order; what it adds for now comes with the next turn.
      const upTo = this.#order;
      for (let timer = this.#heap[0]; timer !== undefined; timer = this.#heap[0]) {
        if (!timer.cancelled && (timer.dueMs > this.#nowMs || timer.order >= upTo)) break;
        this.#pop();
        if (!timer.cancelled) timer.act();
      }
    }
    this.#nowMs = untilMs;
  }

  #pop(): void {
    const last = this.#heap.pop() as Timer;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      let least = place;
      if (left < this.#heap.length && this.#sooner(left, least)) least = left;
      if (right < this.#heap.length && this.#sooner(right, least)) least = right;
      if (least === place) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (!this.#sooner(place, parent)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sooner(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a] as Timer, this.#heap[b] as Timer];
    return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] as Timer;
    this.#heap[a] = this.#heap[b] as Timer;
    this.#heap[b] = one;
  }
}
