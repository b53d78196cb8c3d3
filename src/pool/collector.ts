import type { Held } from './lease/lease-table.js';
import type { PoolLog } from './log.js';
import type { Shelf, ShelfNews } from './shelf.js';

interface CollectorOptions {
  readonly shelf: Shelf | undefined;
  readonly log: PoolLog;
  /** Makes the lease of what was taken; undefined where there is no such offer (any more). */
  readonly claim: (news: ShelfNews) => Held | undefined;
  /** Ends a lease; false where it has ended. */
  readonly release: (leaseId: string) => boolean;
}

/** Enters what clients took from the shelf and gave back: a taken offer becomes a lease, a returned one ends it. */
export class Collector {
  readonly #options: CollectorOptions;
  /** Leases whose records could not be written, by key: their entries stay on the shelf for the next start. */
  readonly #unrecorded = new Map<string, Held>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  collect(): void {
    const { shelf } = this.#options;
    if (shelf === undefined) return;
    if (this.#unrecorded.size > 0) this.#settleLate(shelf);
    const recorded = shelf.collect().flatMap((news) => this.#enter(shelf, news));
    if (recorded.length > 0) shelf.settle(recorded);
  }

  /** The key of the lease that is recorded from now on, if any. */
  #enter(shelf: Shelf, news: ShelfNews): string[] {
    const { claim, release, log } = this.#options;
    const { key, containerId, leaseId, returned, pid } = news;
    if (returned && release(leaseId)) return [];
    const held = claim(news);
    if (held === undefined) {
      // Left behind by an earlier daemon or by a lease that has ended.
      shelf.letGo(key);
      return [];
    }
    const { pool, tenant, source } = held.lease;
    log.info({ lease: leaseId, pool, containerId, tenant, source, pid, uid: 0, gid: 0 }, 'leased');
    if (returned) {
      release(leaseId);
      return [];
    }
    if (held.endpoint.recordedState === 'leased') return [key];
    this.#unrecorded.set(key, held);
    return [];
  }

  #settleLate(shelf: Shelf): void {
    for (const [key, { endpoint, lease }] of this.#unrecorded) {
      const isActive = endpoint.record.lease?.id === lease.id;
      if (isActive && endpoint.recordedState !== 'leased') continue;
      this.#unrecorded.delete(key);
      if (isActive) shelf.settle([key]);
    }
  }
}
