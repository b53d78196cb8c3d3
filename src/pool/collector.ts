import { poolOf } from './events/endpoint-status.js';
import type { ActiveLease } from './lease/index.js';
import type { PoolLog, Shelf } from './ports/index.js';
import type { ShelfNews } from './ports/shelf.js';
import type { Registry } from './registry.js';

interface CollectorOptions {
  readonly shelf: Shelf | undefined;
  readonly registry: Registry;
  readonly log: PoolLog;
}

/** Enters what clients took from the shelf and gave back: a taken offer becomes a lease, a returned one ends it. */
export class Collector {
  readonly #options: CollectorOptions;
  /** Leases whose records could not be written, by key: their entries stay on the shelf for the next start. */
  readonly #unrecorded = new Map<string, ActiveLease>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  collect(): void {
    const { shelf, registry } = this.#options;
    if (shelf === undefined) return;
    if (this.#unrecorded.size > 0) this.#settleLate(shelf);
    const recorded = shelf.collect().flatMap((news) => this.#enter(shelf, news));
    if (recorded.length > 0) shelf.setRecorded(recorded);
    for (const pool of registry.all()) pool.recover();
  }

  /** The key of the lease that is recorded from now on, if any. */
  #enter(shelf: Shelf, news: ShelfNews): string[] {
    const { key, leaseId, token, returned } = news;
    if (returned && this.#release(leaseId)) return [];
    const active = this.#options.registry.get(poolOf(token))?.claim(news);
    if (active === undefined) {
      // Left behind by an earlier daemon or by a lease that has ended.
      shelf.end(key);
      return [];
    }
    this.#log(active, news);
    if (returned) {
      this.#release(leaseId);
      return [];
    }
    if (active.endpoint.recordedState === 'leased') return [key];
    this.#unrecorded.set(key, active);
    return [];
  }

  #release(leaseId: string): boolean {
    const { registry } = this.#options;
    const active = registry.leases.get(leaseId);
    return active !== undefined && registry.named(active.lease.pool).release(leaseId);
  }

  #log({ lease }: ActiveLease, { taker }: ShelfNews): void {
    const { id, pool, containerId, tenant, source } = lease;
    this.#options.log.info({ lease: id, pool, containerId, tenant, source, ...taker }, 'leased');
  }

  #settleLate(shelf: Shelf): void {
    for (const [key, { endpoint, lease }] of this.#unrecorded) {
      const isActive = endpoint.record.lease?.id === lease.id;
      if (isActive && endpoint.recordedState !== 'leased') continue;
      this.#unrecorded.delete(key);
      if (isActive) shelf.setRecorded([key]);
    }
  }
}
