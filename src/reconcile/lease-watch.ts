import type { Config } from '../config/index.js';
import type { EndpointRecord } from '../pool/types.js';

/** When a lease that was made for a container ends by itself, in milliseconds; 0: never. */
export interface LeaseTimes {
  readonly goneAfterMs: number;
  readonly unusedAfterMs: number;
}

/** The times of each pool, as they are configured. */
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
  /** In which namespace a process is that has other rights than the daemon. */
  readonly others: boolean;
}

/**
 * `seen`: a container is inside for the first time; `gone`: it was seen, and has been away long enough; `unused`: none
 * came in all that time.
 */
export type LeaseVerdict = 'stays' | 'seen' | 'gone' | 'unused';

/**
 * Remembers since when nobody is inside of leases that were made for a container, on the monotonic clock. Time begins
 * with the first look that finds a lease empty, so a daemon that was away counts against nobody.
 */
export class LeaseWatch {
  readonly #emptySinceMs = new Map<string, number>();

  /** Judges one such lease by a look at who is inside. What cannot be seen for sure ends no lease. */
  judge(
    { lease }: EndpointRecord,
    look: { isInside: boolean; nowMs: number; sight: Sight; times: LeaseTimes },
  ): LeaseVerdict {
    const { isInside, nowMs, sight, times } = look;
    if (lease?.container === undefined) return 'stays';
    if (isInside) {
      this.#emptySinceMs.delete(lease.id);
      return lease.container === 'awaited' ? 'seen' : 'stays';
    }
    const sinceMs = this.#emptySinceMs.get(lease.id) ?? nowMs;
    this.#emptySinceMs.set(lease.id, sinceMs);
    const wasSeen = lease.container === 'seen';
    if (!sight.others || (!wasSeen && !sight.wholeMachine)) return 'stays';
    const afterMs = wasSeen ? times.goneAfterMs : times.unusedAfterMs;
    if (afterMs === 0 || nowMs - sinceMs < afterMs) return 'stays';
    return wasSeen ? 'gone' : 'unused';
  }

  /** Forgets leases that have ended. */
  keep(leaseIds: ReadonlySet<string>): void {
    for (const id of this.#emptySinceMs.keys()) if (!leaseIds.has(id)) this.#emptySinceMs.delete(id);
  }
}
