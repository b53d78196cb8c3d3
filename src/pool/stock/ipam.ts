import { NetnsdError } from '../../errors.js';
import type { Clock } from '../clock.js';
import type { AddressCooldown } from '../types.js';
import { Fifo } from './fifo.js';

/**
 * Hands out the indexes of a subnet's addresses, 0 being the first after the gateway: never-used ones first, ascending,
 * then those that were freed without a holder, then those that somebody has had, the longest at rest first. The last
 * are not handed out before they have rested for `restMs`, whoever waits, so that what others still send to their last
 * holder reaches nobody. Holds memory only for indexes that were used.
 */
export class IndexAllocator {
  readonly capacity: number;
  readonly #restMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #inUse = new Set<number>();
  /** Freed ones that nobody has had. */
  readonly #unheld = new Fifo<number>();
  /** In the order in which they were freed, and so in that in which their rest is over. */
  readonly #resting = new Fifo<AddressCooldown>();
  /** Those whose rest is over. */
  readonly #rested = new Fifo<number>();
  /** Every index below was used at least once. */
  #nextFresh = 0;
  /** Claimed and resting ones that the fresh ones have yet to pass: they are met here only, never as fresh. */
  readonly #passed = new Set<number>();

  constructor(options: { capacity: number; restMs: number; clock: Pick<Clock, 'monotonicMs'> }) {
    const { capacity, restMs, clock } = options;
    if (!Number.isSafeInteger(capacity) || capacity < 0) throw new NetnsdError('internal', `no capacity: ${capacity}`);
    this.capacity = capacity;
    this.#restMs = restMs;
    this.#clock = clock;
  }

  get inUse(): number {
    return this.#inUse.size;
  }

  /** How many are in nobody's hands, at rest or not. */
  get free(): number {
    return this.capacity - this.#inUse.size;
  }

  /** How many may be acquired now. */
  get available(): number {
    return this.free - this.resting;
  }

  /** How many may not be acquired yet. */
  get resting(): number {
    this.#ripen();
    return this.#resting.size;
  }

  /** When the rest of the next one is over, in milliseconds from now; null if none rests. */
  get nextMs(): number | null {
    this.#ripen();
    const oldest = this.#resting.peek();
    return oldest === undefined ? null : oldest.sinceMs + this.#restMs - this.#clock.monotonicMs();
  }

  /** Takes an index. Throws `internal` when none is `available`: whoever acquires looks first. */
  acquire(): number {
    this.#ripen();
    while (this.#passed.delete(this.#nextFresh)) this.#nextFresh += 1;
    const fresh = this.#nextFresh < this.capacity ? this.#nextFresh++ : undefined;
    const index = fresh ?? this.#unheld.shift() ?? this.#rested.shift();
    if (index === undefined) throw new NetnsdError('internal', `all ${this.capacity} addresses are in use or at rest`);
    this.#inUse.add(index);
    return index;
  }

  /** Whether `claim` would succeed: only an index that was never used, neither acquired nor claimed nor at rest. */
  claimable(index: number): boolean {
    return Number.isInteger(index) && index >= this.#nextFresh && index < this.capacity && !this.#passed.has(index);
  }

  /** Takes this very index, for an endpoint that outlived a restart. Throws `internal` unless `claimable`. */
  claim(index: number): void {
    if (!this.claimable(index)) throw new NetnsdError('internal', `address ${index} cannot be claimed`);
    this.#passed.add(index);
    this.#inUse.add(index);
  }

  /**
   * Gives an index back: one that was `held` rests from now on, behind all that were freed before it. Throws `internal`
   * when it is not in use.
   */
  release(index: number, { held }: { held: boolean }): void {
    if (!this.#inUse.delete(index)) throw new NetnsdError('internal', `address ${index} is not in use`);
    if (held) this.#resting.push({ index, sinceMs: this.#clock.monotonicMs() });
    else this.#unheld.push(index);
  }

  /**
   * Goes on with rests that began before a restart; after every `claim` and before anything is released. Those of indexes
   * in use are over. A rest that begins in the future was written before the machine was last started: it begins now.
   */
  resume(rests: readonly AddressCooldown[]): void {
    const nowMs = this.#clock.monotonicMs();
    const latest = new Map<number, number>();
    for (const { index, sinceMs } of rests)
      latest.set(index, Math.max(latest.get(index) ?? Number.NEGATIVE_INFINITY, Math.min(sinceMs, nowMs)));
    for (const [index, sinceMs] of [...latest].sort(([, a], [, b]) => a - b)) {
      if (!this.claimable(index)) continue;
      this.#passed.add(index);
      this.#resting.push({ index, sinceMs });
    }
  }

  #ripen(): void {
    const untilMs = this.#clock.monotonicMs() - this.#restMs;
    for (let oldest = this.#resting.peek(); oldest !== undefined && oldest.sinceMs <= untilMs; ) {
      this.#resting.shift();
      this.#rested.push(oldest.index);
      oldest = this.#resting.peek();
    }
  }
}
