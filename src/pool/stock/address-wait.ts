import type { Cancel, Clock } from '../clock.js';
import type { PoolLog } from '../log.js';
import type { IndexAllocator } from './ipam.js';

/** Addresses that keep a pool from building although its `max` would let it. */
export interface AddressShortage {
  /** How many rest. */
  readonly resting: number;
  /** When the rest of the next one is over, in milliseconds from now. */
  readonly nextMs: number;
}

/** Has a pool that wants more endpoints than it has rested addresses plan anew when the next one has rested. */
export class AddressWait {
  readonly #options: {
    readonly pool: string;
    readonly indexes: IndexAllocator;
    readonly clock: Clock;
    readonly log: PoolLog;
    readonly again: () => void;
  };
  #cancel: Cancel | null = null;
  #said = false;
  #closed = false;

  constructor(options: { pool: string; indexes: IndexAllocator; clock: Clock; log: PoolLog; again: () => void }) {
    this.#options = options;
  }

  /** What builds wait for, in one line; null where none waits. */
  get trouble(): string | null {
    return this.#cancel === null
      ? null
      : `no address is free: ${this.#options.indexes.resting} rest before they are used again`;
  }

  /** What keeps `wanted` endpoints from being built now; null where there are addresses for all. */
  shortage(wanted: number): AddressShortage | null {
    const { indexes } = this.#options;
    const nextMs = indexes.nextMs;
    return nextMs === null || indexes.available >= wanted ? null : { resting: indexes.resting, nextMs };
  }

  /** `wanted` endpoints are to be built; if there are too few addresses, `again` is called when there is one more. */
  want(wanted: number): void {
    const short = this.#closed || this.#cancel !== null ? null : this.shortage(wanted);
    if (short === null) return;
    const { pool, clock, log, again } = this.#options;
    if (!this.#said)
      log.warn(
        { pool, resting: short.resting },
        'builds wait for addresses at rest: the subnet is small for address_cooldown_seconds',
      );
    this.#said = true;
    this.#cancel = clock.after(Math.max(0, short.nextMs), () => {
      this.#cancel = null;
      again();
    });
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }
}
