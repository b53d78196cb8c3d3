import type { Cancel } from '../ports/clock.js';
import type { Clock } from '../ports/index.js';

interface Entry<T> {
  readonly value: T;
  readonly dueMs: number;
  position: number;
}

/** What `add` returned, for `remove`. */
export type Expiring<T> = Entry<T>;

/**
 * Calls back when a value is due. One timer for the soonest, whatever the number of values: a binary heap in which every
 * entry knows its position, so that an entry can be removed early. Hand-written: packages for heaps search for what they remove.
 */
export class Expiry<T> {
  readonly #clock: Clock;
  readonly #onDue: (value: T) => void;
  readonly #heap: Entry<T>[] = [];
  #armedMs = Infinity;
  #cancelTimer: Cancel | null = null;

  constructor(clock: Clock, onDue: (value: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** `value` is due `delayMs` from now. */
  add(value: T, delayMs: number): Expiring<T> {
    const entry: Entry<T> = { value, dueMs: this.#clock.monotonicMs() + delayMs, position: this.#heap.length };
    this.#heap.push(entry);
    this.#rise(entry);
    this.#arm();
    return entry;
  }

  /** Removes an entry; does nothing for one that was due or removed already. */
  remove(entry: Expiring<T>): void {
    const { position } = entry;
    if (this.#heap[position] !== entry) return;
    const last = this.#heap.pop() as Entry<T>;
    if (last === entry) return;
    this.#put(last, position);
    this.#rise(last);
    this.#sink(last);
  }

  /** Nothing is due any more. */
  close(): void {
    this.#heap.length = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#armedMs = Infinity;
  }

  #fire(): void {
    this.#cancelTimer = null;
    this.#armedMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    for (let soonest = this.#heap[0]; soonest !== undefined && soonest.dueMs <= nowMs; soonest = this.#heap[0]) {
      this.remove(soonest);
      this.#onDue(soonest.value);
    }
    this.#arm();
  }

  /** A timer for an entry that was removed since is not cancelled: it costs one call of `#fire`. */
  #arm(): void {
    const soonest = this.#heap[0];
    if (soonest === undefined || soonest.dueMs >= this.#armedMs) return;
    this.#cancelTimer?.();
    this.#armedMs = soonest.dueMs;
    this.#cancelTimer = this.#clock.after(Math.max(0, soonest.dueMs - this.#clock.monotonicMs()), () => this.#fire());
  }

  #put(entry: Entry<T>, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }

  #rise(entry: Entry<T>): void {
    while (entry.position > 0) {
      const { position } = entry;
      const parent = this.#heap[(position - 1) >> 1] as Entry<T>;
      if (parent.dueMs <= entry.dueMs) return;
      this.#put(parent, position);
      this.#put(entry, (position - 1) >> 1);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const { position } = entry;
      const left = this.#heap[2 * position + 1];
      const right = this.#heap[2 * position + 2];
      const least = right !== undefined && left !== undefined && right.dueMs < left.dueMs ? right : left;
      if (least === undefined || entry.dueMs <= least.dueMs) return;
      const down = least.position;
      this.#put(least, position);
      this.#put(entry, down);
    }
  }
}
