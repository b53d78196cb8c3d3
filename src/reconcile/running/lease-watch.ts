import type { Config } from '../../config/index.js';
import type { EndpointRecord } from '../../pool/types.js';

/** When a lease that was made for a container ends by itself, in milliseconds; 0: never. */
export interface LeaseTimes {
  readonly goneAfterMs: number;
  readonly unusedAfterMs: number;
}

/** The times of each pool, as configured. */
export function leaseTimes({ pools }: Pick<Config, 'pools'>): (pool: string) => LeaseTimes {
  const times = new Map(
    pools.map(({ name, goneAfterSeconds, unusedAfterSeconds }) => [
      name,
      { goneAfterMs: goneAfterSeconds * 1000, unusedAfterMs: unusedAfterSeconds * 1000 },
    ]),
  );
  return (pool) => times.get(pool) ?? { goneAfterMs: 0, unusedAfterMs: 0 };
}

/** What this process can see of others; see `readSight`. */
export interface Sight {
  /** Every process of the machine, or only those of a PID namespace of its own. */
  readonly wholeMachine: boolean;
  /** The namespaces of processes that have other rights than the daemon. */
  readonly others: boolean;
}

/**
 * What the processes tell about a lease that was made for a container. `first seen`: the container is inside, and the record
 * does not say so yet. `gone`: it was seen, and has been away for `goneAfterMs`. `never came`: it was not seen for
 * `unusedAfterMs`. `detached`: netnsd-cni gave it to a namespace that is gone.
 */
export type LeaseUse = 'unchanged' | 'first seen' | 'gone' | 'never came' | 'detached';

/**
 * Remembers since when leases that were made for a container have been empty, on the monotonic clock. The time starts with
 * the first survey that finds a lease empty, so the time for which no daemon ran does not count.
 */
export class LeaseWatch {
  readonly #emptySinceMs = new Map<string, number>();

  /** Takes in one survey of one lease. A lease is never `gone` or `never came` if this process might not see its container. */
  observe(
    { lease }: EndpointRecord,
    seen: { isInside: boolean; nowMs: number; sight: Sight; times: LeaseTimes },
  ): LeaseUse {
    const { isInside, nowMs, sight, times } = seen;
    if (lease?.container === undefined) return 'unchanged';
    if (isInside) {
      this.#emptySinceMs.delete(lease.id);
      return lease.container === 'awaited' ? 'first seen' : 'unchanged';
    }
    const sinceMs = this.#emptySinceMs.get(lease.id) ?? nowMs;
    this.#emptySinceMs.set(lease.id, sinceMs);
    const wasSeen = lease.container === 'seen';
    if (!sight.others || (!wasSeen && !sight.wholeMachine)) return 'unchanged';
    const afterMs = wasSeen ? times.goneAfterMs : times.unusedAfterMs;
    if (afterMs === 0 || nowMs - sinceMs < afterMs) return 'unchanged';
    return wasSeen ? 'gone' : 'never came';
  }

  /** Forgets leases that have ended. */
  keepOnly(leaseIds: ReadonlySet<string>): void {
    for (const id of this.#emptySinceMs.keys()) if (!leaseIds.has(id)) this.#emptySinceMs.delete(id);
  }
}
