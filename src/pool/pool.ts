import { type NetnsdError, toNetnsdError } from '../errors.js';
import { type Ask, assertSameTerms, toAsk } from './lease/acquire-options.js';
import { Grants } from './lease/lease-factory.js';
import type { Held, LeaseOwner } from './lease/lease-table.js';
import { buildFailed, clientGone, exhausted, shuttingDown } from './lease/refusals.js';
import { type Waiter, Waiters } from './lease/waiters.js';
import type { PoolOptions } from './pool-options.js';
import type { Reason } from './recycle/recycle.js';
import type { AcquireRequest } from './service.js';
import type { ShelfNews } from './shelf.js';
import { type Endpoint, EndpointTable } from './stock/endpoint-table.js';
import { Stock } from './stock/stock.js';
import type {
  BoundProcess,
  EndpointFacts,
  EndpointKey,
  EndpointRecord,
  Graft,
  Lease,
  PoolStatus,
  Replacement,
} from './types.js';

/**
 * One pool: takes acquires and releases, and decides who gets what when. The endpoints that are not leased are its
 * stock's, those who wait its waiters', the leases the lease table's.
 */
export class Pool implements LeaseOwner {
  readonly name: string;
  readonly #options: PoolOptions;
  readonly #table: EndpointTable;
  readonly #waiters: Waiters;
  readonly #grants: Grants;
  readonly #stock: Stock;
  readonly #counts = { acquiredWarm: 0, acquiredCold: 0, released: 0 };
  readonly #exhausted = () => exhausted(this.name, this.#stock.size.max, this.#stock.shortage);
  /** What changed and is not looked at yet: failures to tell of, and whether less is to be expected. */
  #failures: NetnsdError[] = [];
  #lost = false;
  #changing = false;
  #again = false;
  #closing: Promise<void> | null = null;

  /** Throws `bad_request` for a size that cannot be (see `resize`). */
  constructor(options: PoolOptions) {
    const { settings, leases, clock } = options;
    this.name = settings.name;
    this.#options = options;
    const table = new EndpointTable(options);
    this.#table = table;
    this.#waiters = new Waiters({ clock, onLeft: () => this.#changed() });
    this.#grants = new Grants({ table, leases, clock, owner: this });
    this.#stock = new Stock({
      ...options,
      table,
      hooks: {
        demand: () => {
          const first = this.#waiters.peek()?.ask;
          return { all: this.#waiters.demand, first: first?.count ?? 0, tenant: first?.tenant ?? null };
        },
        offer: (endpoint, facts) => this.#offer(endpoint, facts),
        changed: (failures, lost) => this.#changed(failures, lost),
      },
    });
  }

  /**
   * Takes over what a reconcile found: ready and leased endpoints as they are, anything else to be destroyed; then
   * fills in the background. Returns at once; acquires may come before the first endpoint is ready.
   */
  start(adopted: readonly EndpointRecord[] = []): void {
    // Leases first: where two records claim one address, the one that is in use keeps it.
    const inOrder = [...adopted].sort((a, b) => Number(b.lease !== null) - Number(a.lease !== null) || a.seq - b.seq);
    for (const record of inOrder) {
      const endpoint = this.#stock.adopt(record);
      const { state, facts, lease } = record;
      if (state === 'leased' && facts !== null && lease !== null) this.#grants.adopt(endpoint, facts, lease);
      else if (state === 'ready' && facts !== null && endpoint.ownsIndex) this.#stock.put(endpoint);
      else this.#discardFound(endpoint, record);
    }
    this.#table.resumeRests();
    this.#changed();
  }

  /** What an earlier daemon did not finish with. A process may still be inside of one that was released. */
  #discardFound(endpoint: Endpoint, { state, facts, reason }: EndpointRecord): void {
    const text = reason ?? `found ${state} at start`;
    if (state !== 'dirty' || facts === null) {
      this.#stock.discard(endpoint, text);
      return;
    }
    const past = { trust: 'unknown' as const, grafted: false, sealed: false, doomed: { kind: 'restart', text } };
    this.#stock.recycle({ endpoint, past, netnsInode: facts.netns.inode, empty: false });
  }

  /**
   * Leases `count` endpoints, all or nothing. With enough of them ready nothing is awaited before the lease stands and is
   * recorded. Throws `bad_request`, `lease_conflict`, `pool_exhausted`, `build_failed`, `client_gone`, `shutting_down`,
   * `state_write_failed`.
   */
  async acquire(request: AcquireRequest, process: BoundProcess | null = null): Promise<Lease[]> {
    if (this.#closing !== null) throw shuttingDown(this.name);
    if (request.signal?.aborted) throw clientGone();
    const ask = toAsk(request, { name: this.name, max: this.#stock.size.max }, process);
    const standing =
      ask.containerId === null ? undefined : this.#options.leases.ofContainer(this.name, ask.containerId);
    if (standing !== undefined) {
      assertSameTerms(ask, standing.lease, this.name);
      standing.confirmed = true;
      return [standing.lease];
    }
    this.#stock.acquired(ask.count);
    // Whoever waits came first.
    if (this.#waiters.demand > 0 || this.#stock.readyFor(ask.tenant) < ask.count)
      return this.#wait(ask, request.signal);
    const held = this.#take(ask, 'warm');
    if (held === null) return this.#wait(ask, request.signal);
    this.#leased(held);
    this.#stock.planLater();
    return leasesOf(held);
  }

  /**
   * Ends a lease; false when this pool has none of this id. Its endpoint is recycled behind the caller's back; `empty` if
   * it was seen just now that no process is inside.
   */
  release(leaseId: string, reason = 'released', empty = false, doomed?: Reason): boolean {
    const { leases } = this.#options;
    if (leases.get(leaseId)?.owner !== this) return false;
    const held = leases.remove(leaseId) as Held;
    this.#counts.released += 1;
    this.#table.moveAnyway(held.endpoint, 'dirty', { reason, tenant: held.lease.tenant });
    this.#emit('released', held, reason);
    this.#recycle(held, empty, doomed);
    return true;
  }

  /** After the shelf was looked at: see `Stock.recover`. */
  recover(): void {
    this.#stock.recover();
  }

  /** See `Offers.missing`. */
  missingOffers(): string[] {
    return this.#stock.missingOffers();
  }

  /** See `Stock.lostOffers`. */
  lostOffers(missing: readonly string[], options: { fix: boolean }): EndpointRecord[] {
    return this.#stock.lostOffers(missing, options);
  }

  /** See `Collector`: the lease of an endpoint that was taken from the shelf; undefined where it lies there no more. */
  claim(news: ShelfNews): Held | undefined {
    const endpoint = this.#stock.claim(news);
    if (endpoint === undefined) return undefined;
    const held = this.#grants.claim(endpoint, news);
    this.#leased([held]);
    this.#stock.planLater();
    this.#limit(false);
    return held;
  }

  /** Every endpoint as it is now: a record stays the same object until something changes about its endpoint. */
  records(): EndpointRecord[] {
    return Array.from(this.#table.endpoints(), ({ record }) => record);
  }

  /** The endpoint of this id as it is now, and why it was replaced. */
  endpoint(id: string): { record: EndpointRecord | undefined; replacement: Replacement | undefined } {
    return { record: this.records().find((record) => record.id === id), replacement: this.#stock.recycled.of(id) };
  }

  /** See `Pools.replace`. */
  replace(record: EndpointRecord, reason: string): boolean {
    const endpoint = this.#table.endpointOf(record);
    return endpoint !== undefined && record.state === 'ready' && this.#stock.replace(endpoint, reason);
  }

  /** See `Pools.endLease`. */
  endLease(record: EndpointRecord, reason: Reason): boolean {
    if (this.#table.endpointOf(record) === undefined || record.lease === null) return false;
    return this.release(record.lease.id, reason.text, false, reason);
  }

  /** See `Pools.sawContainer`. */
  sawContainer(record: EndpointRecord): boolean {
    const endpoint = this.#table.endpointOf(record);
    if (endpoint === undefined || record.lease === null) return false;
    this.#table.amend(endpoint, { ...record.lease, container: 'seen' });
    return true;
  }

  #recycle({ endpoint, lease }: Held, empty: boolean, doomed?: Reason): void {
    const { trust, graft, netns } = lease;
    const past = { trust, grafted: graft !== undefined, sealed: endpoint.sealed, ...(doomed && { doomed }) };
    this.#stock.recycle({ endpoint, past, netnsInode: graft?.inode ?? netns.inode, empty });
  }

  /** See `Pools.markGrafted`; undefined when this pool has no such lease. */
  markGrafted(leaseId: string, graft: Graft): EndpointKey | undefined {
    const held = this.#options.leases.get(leaseId);
    return held?.owner === this ? this.#grants.markGrafted(held, graft) : undefined;
  }

  expire(held: Held): void {
    this.release(held.lease.id, 'its time was over');
  }

  processEnded(held: Held): void {
    this.release(held.lease.id, 'its process has ended');
  }

  /** See `PoolService`. */
  renew(held: Held, ttlMs: number): void {
    if (this.#closing !== null) throw shuttingDown(this.name);
    this.#grants.renew(held, ttlMs);
  }

  /** Changes the size of the running pool; throws `bad_request`. Surplus ready endpoints go, oldest first. */
  resize(change: { minReady?: number | undefined; max?: number | undefined }): void {
    const { minReady, max } = this.#stock.size;
    this.#stock.resize({ minReady: change.minReady ?? minReady, max: change.max ?? max });
    this.#waiters.failLargerThan(this.#stock.size.max, () => exhausted(this.name, this.#stock.size.max));
    this.#changed([], true);
  }

  status(): PoolStatus {
    const { subnet } = this.#options;
    return {
      name: this.name,
      subnet,
      ...this.#stock.size,
      target: this.#stock.target,
      ...this.#table.counts,
      ...this.#counts,
      ...this.#stock.recycled.status(),
      ...this.#stock.failures,
      trouble: this.#stock.trouble,
    };
  }

  /** No new work; resolves when builds and destroys under way have ended. Ready and leased endpoints stay. Idempotent. */
  close(): Promise<void> {
    if (this.#closing === null) {
      this.#closing = this.#stock.close();
      this.#waiters.failAll(() => shuttingDown(this.name));
    }
    return this.#closing;
  }

  /** Closes, then destroys everything that is not leased; resolves with the ids of the endpoints that would not go. */
  async drain(): Promise<string[]> {
    await this.close();
    return (await this.#stock.drain()).map((endpoint) => endpoint.key.id);
  }

  async #wait(ask: Ask, signal: AbortSignal | undefined): Promise<Lease[]> {
    const joined = ask.containerId === null ? undefined : this.#waiters.ofContainer(ask.containerId);
    if (joined !== undefined) assertSameTerms(ask, joined.ask, this.name);
    const waiter = joined ?? this.#waiters.add(ask);
    const answer = this.#waiters.join(waiter, { waitMs: ask.waitMs, signal });
    if (joined !== undefined) this.#waiters.limitBeyond(this.#stock.reachable, this.#exhausted);
    else if (this.#waiters.demand > this.#stock.reachable) this.#waiters.limit(waiter, this.#exhausted);
    this.#stock.plan();
    const served = await answer;
    served.untold -= 1;
    if (!signal?.aborted) {
      for (const held of served.held) held.confirmed = true;
      return leasesOf(served.held);
    }
    if (served.untold === 0) this.#takeBack(served.held.filter((held) => !held.confirmed));
    throw clientGone();
  }

  /**
   * Something came or went: those who wait get what there is, oldest first, and the stock plans anew. What that changes at once,
   * such as builds that cannot even be begun, comes after it and not in the middle.
   */
  #changed(failures: readonly NetnsdError[] = [], lost = false): void {
    this.#failures.push(...failures);
    this.#lost ||= lost;
    if (this.#changing) {
      this.#again = true;
      return;
    }
    this.#changing = true;
    try {
      do {
        this.#again = false;
        this.#settle();
      } while (this.#again);
    } finally {
      this.#changing = false;
    }
  }

  #settle(): void {
    const lost = this.#lost;
    this.#lost = false;
    for (const cause of this.#failures.splice(0)) {
      // A build that failed was the hope of the first who waits, unless there is enough for all without it.
      const waiter = this.#waiters.peek();
      if (waiter === undefined) break;
      if (this.#waiters.demand <= this.#stock.readyFor(waiter.ask.tenant) + this.#stock.urgent) break;
      this.#waiters.fail(waiter, buildFailed(this.name, cause));
    }
    for (let waiter = this.#waiters.peek(); waiter !== undefined; waiter = this.#waiters.peek()) {
      if (this.#stock.readyFor(waiter.ask.tenant) < waiter.ask.count || !this.#serve(waiter)) break;
    }
    this.#stock.plan();
    this.#limit(lost);
  }

  /** Nobody waits beyond his patience for what does not come: `lost` if less does than did, whatever makes room meanwhile. */
  #limit(lost: boolean): void {
    const { unlimited } = this.#waiters;
    if (unlimited === 0 || (!lost && this.#stock.isMakingRoom)) return;
    const { reachable } = this.#stock;
    if (lost || unlimited > reachable) this.#waiters.limitBeyond(reachable, this.#exhausted);
  }

  /** False where there was not enough after all. */
  #serve(waiter: Waiter): boolean {
    try {
      const held = this.#take(waiter.ask, 'cold');
      // A container was quicker, at the shelf.
      if (held === null) return false;
      this.#waiters.serve(waiter, held);
      this.#leased(held);
    } catch (error) {
      this.#waiters.fail(waiter, toNetnsdError(error));
    }
    return true;
  }

  /**
   * Leases a just built endpoint to the first who waits, without its ever being ready; false if nobody wants just one.
   * Nothing is ready while somebody waits for one, so this overtakes no endpoint.
   */
  #offer(endpoint: Endpoint, facts: EndpointFacts): boolean {
    const waiter = this.#waiters.peek();
    if (waiter === undefined || waiter.ask.count > 1) return false;
    try {
      const held = this.#grants.grant({ endpoint, facts, ask: waiter.ask, source: 'cold' });
      this.#waiters.serve(waiter, [held]);
      this.#leased([held]);
      return true;
    } catch (error) {
      this.#waiters.fail(waiter, toNetnsdError(error));
      return false;
    }
  }

  /**
   * Leases what is asked for out of the ready endpoints, all or nothing; null where there are not enough, since some that
   * count as ready were taken from the shelf just now.
   */
  #take(ask: Ask, source: Lease['source']): Held[] | null {
    const taken: Held[] = [];
    const undo = () => {
      for (const held of taken.reverse()) this.#untake(held, (back) => this.#stock.putBack(back));
    };
    while (taken.length < ask.count) {
      const endpoint = this.#stock.take(ask.tenant);
      if (endpoint === undefined) {
        undo();
        return null;
      }
      try {
        taken.push(this.#grants.grant({ endpoint, facts: endpoint.record.facts as EndpointFacts, ask, source }));
      } catch (error) {
        this.#stock.putBack(endpoint);
        undo();
        throw error;
      }
    }
    return taken;
  }

  /** Only after those who waited were served: a listener may do anything, such as abort one of them. */
  #leased(taken: readonly Held[]): void {
    for (const held of taken) {
      if (held.lease.source === 'warm') this.#counts.acquiredWarm += 1;
      else this.#counts.acquiredCold += 1;
      this.#emit('leased', held, null);
    }
  }

  /** Leases for clients that have gone: no container saw the endpoints, so they are ready as before. */
  #takeBack(unseen: readonly Held[]): void {
    for (const held of unseen) {
      if (this.#options.leases.get(held.lease.id) !== held) continue;
      this.#emit('released', held, 'its client had gone');
      this.#untake(held, (back) => this.#stock.put(back));
    }
    this.#changed();
  }

  #untake(held: Held, putBack: (endpoint: Endpoint) => void): void {
    const isReady = this.#grants.takeBack(held);
    if (isReady) putBack(held.endpoint);
    else this.#recycle(held, false);
  }

  #emit(type: 'leased' | 'released', { lease, endpoint }: Held, reason: string | null): void {
    const { pool, id, containerId } = lease;
    this.#options.events.emit({ type, pool, endpoint: endpoint.key.id, lease: id, containerId, reason });
  }
}

function leasesOf(held: readonly Held[]): Lease[] {
  return held.map(({ lease }) => lease);
}
