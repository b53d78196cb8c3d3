import type { Endpoint } from './endpoint.js';
import {
  type ActiveLease,
  acquireOptions,
  admitTenants,
  assertSameTerms,
  clientGone,
  Dispatcher,
  type Ending,
  exhausted,
  type LeaseOwner,
  Leasing,
  leasesOf,
  retired,
  shuttingDown,
  Waiters,
} from './lease/index.js';
import type { PoolOptions } from './pool-options.js';
import type { ShelfNews } from './ports/shelf.js';
import type { Reason } from './recycle/index.js';
import type { AcquireRequest } from './service.js';
import type { PoolStatus, Replacement } from './status.js';
import { EndpointTable, ReadyEndpoints, Stock } from './stock/index.js';
import type { BoundProcess, EndpointKey, EndpointRecord, Graft, Lease } from './types.js';

/**
 * One pool. The endpoint table has its endpoints, `ready` those that can be leased, the stock keeps these at their target,
 * and the dispatcher leases them to clients.
 */
export class Pool implements LeaseOwner {
  readonly name: string;
  readonly #options: PoolOptions;
  readonly #table: EndpointTable;
  readonly #ready: ReadyEndpoints;
  readonly #stock: Stock;
  readonly #leasing: Leasing;
  readonly #waiters: Waiters;
  readonly #dispatcher: Dispatcher;
  #closing: Promise<void> | null = null;

  /** Throws `bad_request` for an impossible size (see `resize`). */
  constructor(options: PoolOptions) {
    this.name = options.settings.name;
    this.#options = options;
    const table = new EndpointTable(options);
    const ready = new ReadyEndpoints(options);
    const waiters = new Waiters({ clock: options.clock, onLeft: () => this.#dispatcher.changed() });
    const stock = new Stock({
      ...options,
      table,
      ready,
      waiters,
      hooks: {
        leaseBuilt: (endpoint, facts) => this.#dispatcher.leaseBuilt(endpoint, facts),
        changed: (change) => this.#dispatcher.changed(change),
      },
    });
    const leasing = new Leasing({ ...options, table, ready, stock, owner: this });
    this.#table = table;
    this.#ready = ready;
    this.#waiters = waiters;
    this.#stock = stock;
    this.#leasing = leasing;
    this.#dispatcher = new Dispatcher({ ...options, pool: this.name, table, waiters, leasing, ready, stock });
  }

  /** Whether it is no longer configured. */
  get isRetired(): boolean {
    return this.#options.settings.retired === true;
  }

  /**
   * Takes over what a reconcile found: ready and leased endpoints as they are, anything else to be destroyed; then fills in
   * the background. Returns at once; acquires may come before the first endpoint is ready.
   */
  start(adopted: readonly EndpointRecord[] = []): void {
    // Leases first: where two records claim one address, the one that is in use keeps it.
    const inOrder = [...adopted].sort((a, b) => Number(b.lease !== null) - Number(a.lease !== null) || a.seq - b.seq);
    for (const record of inOrder) {
      const endpoint = this.#table.adopt(record);
      this.#ready.adoptOffer(endpoint);
      const { state, facts, lease } = record;
      if (state === 'leased' && facts !== null && lease !== null) this.#leasing.factory.adopt(endpoint, facts, lease);
      else if (state === 'ready' && facts !== null && endpoint.ownsIndex) this.#ready.add(endpoint);
      else this.#cleanUp(endpoint, record);
    }
    this.#table.resumeCooldowns();
    this.#dispatcher.changed();
  }

  /** Destroys what an earlier daemon left unfinished. A process may still be inside a released endpoint. */
  #cleanUp(endpoint: Endpoint, { state, facts, reason }: EndpointRecord): void {
    const text = reason ?? `found ${state} at start`;
    this.#ready.withdraw(endpoint);
    if (state !== 'dirty' || facts === null) {
      this.#stock.discard(endpoint, text);
      return;
    }
    const mustReplace = { kind: 'restart', text };
    const usage = { trust: 'unknown' as const, grafted: false, sealed: false, mustReplace };
    this.#stock.recycle({ endpoint, usage, netnsInode: facts.netns.inode, empty: false });
  }

  /**
   * Leases `count` endpoints, all or nothing. If enough are ready, they are leased and recorded when this returns its promise.
   * Throws `bad_request`, `lease_conflict`, `pool_exhausted`, `build_failed`, `client_gone`, `shutting_down`,
   * `state_write_failed`.
   */
  async acquire(request: AcquireRequest, process: BoundProcess | null = null): Promise<Lease[]> {
    if (this.isRetired) throw retired(this.name);
    if (this.#closing !== null) throw shuttingDown(this.name);
    if (request.signal?.aborted) throw clientGone();
    const options = acquireOptions(request, { ...this.#options, name: this.name, max: this.#stock.size.max }, process);
    const { containerId } = options;
    const existing = containerId === null ? undefined : this.#options.leases.ofContainer(this.name, containerId);
    if (existing !== undefined) {
      assertSameTerms(options, existing.lease, this.name);
      existing.confirmed = true;
    }
    const leases = existing === undefined ? await this.#dispatcher.acquire(options, request.signal) : [existing];
    await this.#admit(leases);
    return leasesOf(leases);
  }

  #admit(leases: readonly ActiveLease[]): Promise<void> | undefined {
    if (this.#options.settings.isolation !== 'tenant') return undefined;
    return admitTenants(leases, { ...this.#options, end: (id, ending) => this.release(id, ending) });
  }

  /** Ends a lease; false when this pool has none of this id. Its endpoint is recycled in the background. */
  release(leaseId: string, ending: Ending = { reason: 'released' }): boolean {
    return this.#leasing.end(leaseId, ending);
  }

  /** After a look at the shelf: see `ReadyEndpoints.recover`. */
  recover(): void {
    this.#ready.recover();
  }

  /** See `Offers.missing`. */
  missingOffers(): string[] {
    return this.#ready.missingOffers();
  }

  /** See `Stock.lostOffers`. */
  lostOffers(missing: readonly string[], options: { fix: boolean }): EndpointRecord[] {
    return this.#stock.lostOffers(missing, options);
  }

  /** The lease of an endpoint that a client took from the shelf; undefined where no offer has its token. */
  claim(news: ShelfNews): ActiveLease | undefined {
    const active = this.#leasing.claim(news);
    if (active === undefined) return undefined;
    this.#stock.acquired(1);
    this.#leasing.announce([active]);
    // What it could not do is told by the lease, which ends.
    this.#admit([active])?.catch(() => undefined);
    this.#stock.planLater();
    this.#dispatcher.startDeadlines({ lost: false });
    return active;
  }

  /** The records of all endpoints; a record is the same object until its endpoint changes. */
  records(): EndpointRecord[] {
    return Array.from(this.#table.endpoints(), ({ record }) => record);
  }

  /** The record of the endpoint of this id, and why it was replaced. */
  endpoint(id: string): { record: EndpointRecord | undefined; replacement: Replacement | undefined } {
    return { record: this.records().find((record) => record.id === id), replacement: this.#stock.recycled.of(id) };
  }

  /** See `Pools.replace`. */
  replace(record: EndpointRecord, reason: string): boolean {
    const endpoint = this.#table.endpointOf(record);
    return endpoint !== undefined && record.state === 'ready' && this.#stock.replace(endpoint, reason);
  }

  /** See `Pools.endLease`. */
  endLease(record: EndpointRecord, mustReplace: Reason): boolean {
    if (this.#table.endpointOf(record) === undefined || record.lease === null) return false;
    return this.release(record.lease.id, { reason: mustReplace.text, mustReplace });
  }

  /** See `Pools.sawContainer`. */
  sawContainer(record: EndpointRecord): boolean {
    const endpoint = this.#table.endpointOf(record);
    if (endpoint === undefined || record.lease === null) return false;
    this.#table.amend(endpoint, { ...record.lease, container: 'seen' });
    return true;
  }

  /** See `Pools.markGrafted`. */
  markGrafted(active: ActiveLease, graft: Graft): EndpointKey {
    return this.#leasing.factory.markGrafted(active, graft);
  }

  expire({ lease }: ActiveLease): void {
    this.release(lease.id, { reason: 'expired' });
  }

  processEnded({ lease }: ActiveLease): void {
    this.release(lease.id, { reason: 'its process has ended' });
  }

  /** See `PoolService`. */
  renew(active: ActiveLease, ttlMs: number): void {
    if (this.#closing !== null) throw shuttingDown(this.name);
    this.#leasing.factory.renew(active, ttlMs);
  }

  /** Changes the size of the running pool; throws `bad_request`. Surplus ready endpoints are destroyed, oldest first. */
  resize(change: { minReady?: number | undefined; max?: number | undefined }): void {
    if (this.isRetired) throw retired(this.name);
    const { minReady, max } = this.#stock.size;
    this.#stock.resize({ minReady: change.minReady ?? minReady, max: change.max ?? max });
    this.#waiters.failLargerThan(this.#stock.size.max, () => exhausted(this.name, this.#stock.size.max));
    this.#dispatcher.changed({ clientErrors: [], lost: true });
  }

  status(): PoolStatus {
    const { subnet } = this.#options;
    return {
      name: this.name,
      subnet,
      ...this.#stock.size,
      target: this.#stock.target,
      ...this.#table.counts,
      ...this.#leasing.counts,
      ...this.#stock.recycled.status(),
      ...this.#stock.failures,
      trouble: this.isRetired ? 'the pool is no longer configured; it ends with its leases' : this.#stock.trouble,
    };
  }

  /** No new work; resolves when builds and destroys under way have ended. Ready and leased endpoints stay. Idempotent. */
  close(): Promise<void> {
    if (this.#closing === null) {
      this.#closing = this.#stock.close();
      this.#dispatcher.close(() => shuttingDown(this.name));
    }
    return this.#closing;
  }

  /** Closes, then destroys everything that is not leased; resolves with the ids of those that could not be destroyed. */
  async drain(): Promise<string[]> {
    await this.close();
    return (await this.#stock.drain()).map((endpoint) => endpoint.key.id);
  }
}
