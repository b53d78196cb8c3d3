import { NetnsdError } from '../errors.js';
import { Collector } from './collector.js';
import { type EndpointStatus, endpointStatus, poolOf } from './events/endpoint-status.js';
import { PoolEvents } from './events/events.js';
import { acquireBound, type Ending, LeaseTable, Occupants, ttlMsOf } from './lease/index.js';
import { Pool } from './pool.js';
import type { PoolOptions } from './pool-options.js';
import { systemClock } from './ports/clock.js';
import type { Processes } from './ports/index.js';
import type { Reason } from './recycle/index.js';
import { Registry } from './registry.js';
import type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from './service.js';
import type { PoolStatus } from './status.js';
import type { EndpointKey, EndpointRecord, Graft, Lease } from './types.js';

export interface PoolsOptions extends Omit<PoolOptions, 'settings' | 'subnet' | 'leases' | 'events' | 'clock'> {
  readonly pools: readonly Pick<PoolOptions, 'settings' | 'subnet'>[];
  /** Without it no lease can be bound to a process. */
  readonly processes?: Processes | undefined;
  /** Default: the machine's. */
  readonly clock?: PoolOptions['clock'] | undefined;
}

/**
 * All pools of the daemon. Clients take from the shelf without the daemon, so every method that reads or changes leases goes
 * through `#current`, which enters what they took and gave back first: a lease is active as soon as it was taken.
 */
export class Pools implements PoolService {
  readonly #registry: Registry;
  readonly #collector: Collector;
  readonly #events: PoolEvents;
  readonly #occupants: Occupants;
  readonly #options: PoolsOptions;

  /** Throws `bad_request` for a pool of an impossible size, and `internal` for two of one name. */
  constructor(options: PoolsOptions) {
    const { endpoints, log, clock = systemClock, shelf } = options;
    this.#options = options;
    const leases = new LeaseTable(clock, options);
    const events = new PoolEvents({ clock, log });
    this.#events = events;
    this.#occupants = new Occupants({ endpoints, clock });
    this.#registry = new Registry(leases);
    this.#collector = new Collector({ shelf, registry: this.#registry, log });
    for (const { settings, subnet } of options.pools)
      this.#registry.add(new Pool({ ...options, clock, leases, events, settings, subnet }));
  }

  /** The pools and leases, with everything entered that happened on the shelf. */
  get #current(): Registry {
    this.#collector.collect();
    return this.#registry;
  }

  /**
   * Gives every pool the endpoints of it that a reconcile found, and starts filling in the background. Throws `internal` for a
   * record whose pool is not configured (any more): the reconcile removes these first.
   */
  start(adopted: readonly EndpointRecord[] = []): void {
    const orphan = adopted.find((record) => this.#registry.get(record.pool) === undefined);
    if (orphan !== undefined) throw new NetnsdError('internal', `the pool of endpoint ${orphan.id} is not configured`);
    for (const pool of this.#registry.all()) pool.start(adopted.filter((record) => record.pool === pool.name));
  }

  /** Enters what clients took from the shelf and gave back. */
  collect(): void {
    this.#collector.collect();
  }

  /**
   * Records of ready endpoints whose offers are missing from the shelf although no client took them. With `fix` they are replaced,
   * and what could not be offered before is offered.
   */
  checkShelf({ fix }: { fix: boolean }): EndpointRecord[] {
    const missing = this.#registry.all().map((pool) => ({ pool, tokens: pool.missingOffers() }));
    // Offers that were missing because clients took them are entered now.
    this.collect();
    if (this.#options.shelf?.sawAll !== true) return [];
    return missing.flatMap(({ pool, tokens }) => pool.lostOffers(tokens, { fix }));
  }

  async acquire(request: AcquireRequest): Promise<Lease[]> {
    const pool = this.#current.choose(request.pool);
    const { pid } = request;
    if (pid === undefined) return pool.acquire(request);
    const { processes } = this.#options;
    if (processes === undefined) throw new NetnsdError('bad_request', 'leases cannot be bound to processes here');
    return acquireBound({ processes, pid, request, acquire: (bound, process) => pool.acquire(bound, process) });
  }

  release(leaseId: string): boolean {
    return this.#release(leaseId, { reason: 'released' });
  }

  /**
   * Ends a lease whose container is known to be gone; false when there is none. Processes inside are not waited for: by now the
   * inode of its namespace may be that of another container's.
   */
  releaseGone(leaseId: string): boolean {
    return this.#release(leaseId, { reason: 'its container has gone', empty: true });
  }

  #release(leaseId: string, ending: Ending): boolean {
    const { leases } = this.#current;
    const active = leases.get(leaseId);
    return active !== undefined && this.#registry.named(active.lease.pool).release(leaseId, ending);
  }

  renew(leaseId: string, ttlSeconds: number): Lease {
    const { active, pool } = this.#current.lease(leaseId);
    pool.renew(active, ttlMsOf(ttlSeconds));
    return active.lease;
  }

  /** The records of all endpoints; a record is the same object until its endpoint changes. */
  records(): EndpointRecord[] {
    return this.#current.all().flatMap((pool) => pool.records());
  }

  endpoint(id: string): EndpointStatus | undefined {
    const pool = this.#current.get(poolOf(id));
    return pool && endpointStatus(id, { ...pool.endpoint(id), events: this.#events.of(id) });
  }

  /** Replaces a ready endpoint that is broken; false, and nothing done, if its record is not `record` any more. */
  replace(record: EndpointRecord, reason: string): boolean {
    return this.#current.named(record.pool).replace(record, reason);
  }

  /**
   * Ends a lease that no container can use any more; false, and nothing done, if its record is not `record` any more. Its
   * endpoint is replaced: a client that still has its path must not reach another container's.
   */
  endLease(record: EndpointRecord, reason: Reason): boolean {
    return this.#current.named(record.pool).endLease(record, reason);
  }

  /** Records that a container was seen in an endpoint that was leased for one; false if its record is not `record` any more. */
  sawContainer(record: EndpointRecord): boolean {
    return this.#current.named(record.pool).sawContainer(record);
  }

  async occupants(leaseIds: readonly string[]): Promise<number[][]> {
    const { leases } = this.#current;
    const found = leaseIds.map((id) => leases.get(id)?.lease);
    return Promise.all(
      found.map((lease) => (lease === undefined ? [] : this.#occupants.of(lease.graft?.inode ?? lease.netns.inode))),
    );
  }

  /**
   * Records that the interface of a lease is about to be moved into another namespace, before it is; returns the key of its
   * endpoint. Throws `lease_not_found` and `state_write_failed`.
   */
  markGrafted(leaseId: string, graft: Graft): EndpointKey {
    const { active, pool } = this.#current.lease(leaseId);
    return pool.markGrafted(active, graft);
  }

  lease(leaseId: string): Lease | undefined {
    return this.#current.leases.get(leaseId)?.lease;
  }

  leases(filter: LeaseFilter = {}): Lease[] {
    // Several that were taken from the shelf may be entered in another order.
    const leases = this.#current.leases.list(filter);
    return leases.sort((one, other) => one.acquiredAt.localeCompare(other.acquiredAt));
  }

  status(): PoolStatus[] {
    return this.#current.all().map((pool) => pool.status());
  }

  poolStatus(name: string): PoolStatus | undefined {
    return this.#current.get(name)?.status();
  }

  resize(name: string, change: { minReady?: number | undefined; max?: number | undefined }): PoolStatus {
    const pool = this.#current.named(name);
    pool.resize(change);
    return pool.status();
  }

  /** Ends a pool that is no longer configured; false where it has endpoints left, or is configured. */
  endRetired(name: string): boolean {
    const pool = this.#current.get(name);
    if (pool?.isRetired !== true || pool.records().length > 0) return false;
    void pool.close();
    this.#registry.remove(name);
    return true;
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** No new work; resolves when what is under way has ended. Ready and leased endpoints stay as they are. Idempotent. */
  async close(): Promise<void> {
    this.#registry.leases.close();
    await Promise.all(this.#registry.all().map((pool) => pool.close()));
  }

  /** Closes, then destroys everything that is not leased; resolves with the ids of those that could not be destroyed. */
  async drain(): Promise<string[]> {
    this.#registry.leases.close();
    const stuck = await Promise.all(this.#registry.all().map((pool) => pool.drain()));
    return stuck.flat();
  }
}
