import type { Cancel } from '../../ports/clock.js';
import type { Clock, PoolLog } from '../../ports/index.js';
import type { IndexAllocator } from './ipam.js';

/** Addresses in cooldown that keep a pool from building although its `max` would let it. */
export interface AddressShortage {
  /** How many are in cooldown. */
  readonly inCooldown: number;
  /** When the next cooldown ends, in milliseconds from now. */
  readonly nextMs: number;
}

interface AddressWaitOptions {
  readonly pool: string;
  readonly indexes: IndexAllocator;
  readonly clock: Clock;
  readonly log: PoolLog;
  /** A cooldown has ended: builds are to be planned again. */
  readonly again: () => void;
}

/** Makes a pool that has too few addresses for its builds plan again when the next cooldown ends. */
export class AddressWait {
  readonly #options: AddressWaitOptions;
  #cancel: Cancel | null = null;
  #logged = false;
  #closed = false;

  constructor(options: AddressWaitOptions) {
    this.#options = options;
  }

  /** What builds wait for, in one line; null where none waits. */
  get trouble(): string | null {
    return this.#cancel === null ? null : `no address is free: ${this.#options.indexes.inCooldown} are in cooldown`;
  }

  /** What keeps `wanted` endpoints from being built now; null where there are addresses for all. */
  shortage(wanted: number): AddressShortage | null {
    const { indexes } = this.#options;
    const nextMs = indexes.nextMs;
    return nextMs === null || indexes.available >= wanted ? null : { inCooldown: indexes.inCooldown, nextMs };
  }

  /** `wanted` endpoints are to be built; if there are too few addresses, `again` is called when there is one more. */
  want(wanted: number): void {
    const short = this.#closed || this.#cancel !== null ? null : this.shortage(wanted);
    if (short === null) return;
    const { pool, clock, log, again } = this.#options;
    if (!this.#logged)
      log.warn(
        { pool, inCooldown: short.inCooldown },
        'builds wait for addresses in cooldown: the subnet is small for address_cooldown_seconds',
      );
    this.#logged = true;
    this.#cancel = clock.after(Math.max(0, short.nextMs), () => {
      this.#cancel = null;
      again();
    });
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }
}
