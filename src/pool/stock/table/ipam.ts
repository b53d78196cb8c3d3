import { NetnsdError } from '../../../errors.js';
import { Fifo } from '../../fifo.js';
import type { AddressCooldown, Clock } from '../../ports/index.js';

/**
 * Hands out the indexes of a subnet's addresses, 0 being the first after the gateway: fresh ones first, ascending, then those
 * that were freed without a lease, then those of leased endpoints, the longest freed first. The last ones are not handed out
 * before their cooldown of `cooldownMs` has ended, even if a client waits: packets for the former container must not reach
 * another one. Needs memory only for indexes that were used.
 */
export class IndexAllocator {
  readonly capacity: number;
  readonly #cooldownMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #inUse = new Set<number>();
  /** Freed ones of endpoints that were never leased. */
  readonly #unused = new Fifo<number>();
  /** In the order in which they were freed, which is that in which their cooldowns end. */
  readonly #cooling = new Fifo<AddressCooldown>();
  /** Those whose cooldown has ended. */
  readonly #cooled = new Fifo<number>();
  /** Every index below was used at least once. */
  #nextFresh = 0;
  /** Claimed ones and those in cooldown that `#nextFresh` has not reached yet: they are skipped. */
  readonly #skipped = new Set<number>();

  constructor(options: { capacity: number; cooldownMs: number; clock: Pick<Clock, 'monotonicMs'> }) {
    const { capacity, cooldownMs, clock } = options;
    if (!Number.isSafeInteger(capacity) || capacity < 0)
      throw new NetnsdError('internal', `not a capacity: ${capacity}`);
    this.capacity = capacity;
    this.#cooldownMs = cooldownMs;
    this.#clock = clock;
  }

  get inUse(): number {
    return this.#inUse.size;
  }

  /** How many are not in use, in cooldown or not. */
  get free(): number {
    return this.capacity - this.#inUse.size;
  }

  /** How many may be acquired now. */
  get available(): number {
    return this.free - this.inCooldown;
  }

  get inCooldown(): number {
    this.#endCooldowns();
    return this.#cooling.size;
  }

  /** When the next cooldown ends, in milliseconds from now; null if there is none. */
  get nextMs(): number | null {
    this.#endCooldowns();
    const oldest = this.#cooling.peek();
    return oldest === undefined ? null : oldest.sinceMs + this.#cooldownMs - this.#clock.monotonicMs();
  }

  /** For how long an index stays in cooldown, in milliseconds; null: it is not in cooldown. Looks at all that are. */
  coolsMs(index: number): number | null {
    this.#endCooldowns();
    for (const { index: one, sinceMs } of this.#cooling)
      if (one === index) return sinceMs + this.#cooldownMs - this.#clock.monotonicMs();
    return null;
  }

  /** Takes an index, this one if one is given. Throws `internal` when it is not `available`: the caller checks first. */
  acquire(wanted: number | null = null): number {
    this.#endCooldowns();
    if (wanted !== null) return this.#acquireThis(wanted);
    while (this.#skipped.delete(this.#nextFresh)) this.#nextFresh += 1;
    const fresh = this.#nextFresh < this.capacity ? this.#nextFresh++ : undefined;
    const index = fresh ?? this.#unused.shift() ?? this.#cooled.shift();
    if (index === undefined)
      throw new NetnsdError('internal', `all ${this.capacity} addresses are in use or in cooldown`);
    this.#inUse.add(index);
    return index;
  }

  #acquireThis(index: number): number {
    if (this.claimable(index)) this.#skipped.add(index);
    else if (!this.#unused.delete(index) && !this.#cooled.delete(index))
      throw new NetnsdError('internal', `address ${index} is in use or in cooldown`);
    this.#inUse.add(index);
    return index;
  }

  /** Whether `claim` would succeed: only an index that was never used, neither acquired nor claimed nor in cooldown. */
  claimable(index: number): boolean {
    return Number.isInteger(index) && index >= this.#nextFresh && index < this.capacity && !this.#skipped.has(index);
  }

  /** Takes this index, for an endpoint that outlived a restart. Throws `internal` unless `claimable`. */
  claim(index: number): void {
    if (!this.claimable(index)) throw new NetnsdError('internal', `address ${index} cannot be claimed`);
    this.#skipped.add(index);
    this.#inUse.add(index);
  }

  /** Gives an index back; the cooldown of a `used` one starts now. Throws `internal` when it is not in use. */
  release(index: number, { used }: { used: boolean }): void {
    if (!this.#inUse.delete(index)) throw new NetnsdError('internal', `address ${index} is not in use`);
    if (used) this.#cooling.push({ index, sinceMs: this.#clock.monotonicMs() });
    else this.#unused.push(index);
  }

  /**
   * Continues cooldowns that began before a restart; after every `claim` and before any `release`. Those of indexes in use
   * are over. One that begins in the future was written before the machine was last booted: it begins now.
   */
  resume(cooldowns: readonly AddressCooldown[]): void {
    const nowMs = this.#clock.monotonicMs();
    const latest = new Map<number, number>();
    for (const { index, sinceMs } of cooldowns)
      latest.set(index, Math.max(latest.get(index) ?? Number.NEGATIVE_INFINITY, Math.min(sinceMs, nowMs)));
    for (const [index, sinceMs] of [...latest].sort(([, a], [, b]) => a - b)) {
      if (!this.claimable(index)) continue;
      this.#skipped.add(index);
      this.#cooling.push({ index, sinceMs });
    }
  }

  #endCooldowns(): void {
    const untilMs = this.#clock.monotonicMs() - this.#cooldownMs;
    for (let oldest = this.#cooling.peek(); oldest !== undefined && oldest.sinceMs <= untilMs; ) {
      this.#cooling.shift();
      this.#cooled.push(oldest.index);
      oldest = this.#cooling.peek();
    }
  }
}
