import { NetnsdError } from '../errors.js';
import { type Clock, systemClock } from './clock.js';
import { Collector } from './collector.js';
import { type EndpointStatus, endpointStatus, poolOf } from './endpoint-status.js';
import { PoolEvents } from './events.js';
import { ttlMsOf } from './lease/acquire-options.js';
import { acquireBound } from './lease/bound-acquire.js';
import { LeaseTable } from './lease/lease-table.js';
import { Occupants } from './lease/occupants.js';
import { leaseNotFound } from './lease/refusals.js';
import type { PoolLog } from './log.js';
import { Pool } from './pool.js';
import type { Reason } from './recycle/recycle.js';
import type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from './service.js';
import type { Shelf } from './shelf.js';
import type { SizingPolicy } from './sizing/sizing.js';
import type {
  AddressCooldowns,
  EndpointKey,
  EndpointRecord,
  Endpoints,
  Graft,
  Lease,
  PoolSettings,
  PoolStatus,
  Processes,
  Records,
} from './types.js';

const DEFAULT_POOL = 'default';

export interface PoolsOptions {
  readonly pools: readonly { readonly settings: PoolSettings; readonly subnet: string }[];
  readonly endpoints: Endpoints;
  readonly records: Records;
  /** Default: rests of addresses are forgotten with this process. */
  readonly rests?: AddressCooldowns | undefined;
  /** A number that no endpoint of this state directory ever had. */
  readonly nextSeq: () => number;
  /** Without it no lease can be bound to a process. */
  readonly processes?: Processes | undefined;
  /** Whether the processors have more to do than they can at once: what nobody waits for is put off then. Default: never. */
  readonly isBusy?: (() => boolean) | undefined;
  /** Default: containers ask for each endpoint. */
  readonly shelf?: Shelf | undefined;
  readonly log: PoolLog;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: what each pool's settings say. */
  readonly sizing?: SizingPolicy | undefined;
}

/** All pools of the daemon behind one door. */
export class Pools implements PoolService {
  readonly #pools = new Map<string, Pool>();
  readonly #leases: LeaseTable;
  readonly #events: PoolEvents;
  readonly #occupants: Occupants;
  readonly #processes: Processes | undefined;
  readonly #shelf: Shelf | undefined;
  readonly #collector: Collector;

  /** Throws `bad_request` for a pool whose size cannot be, and `internal` for two of one name. */
  constructor(options: PoolsOptions) {
    const { endpoints, records, rests, nextSeq, log, clock = systemClock, sizing, processes, isBusy, shelf } = options;
    this.#processes = processes;
    this.#shelf = shelf;
    this.#leases = new LeaseTable(clock, { processes, shelf });
    this.#events = new PoolEvents({ clock, log });
    this.#occupants = new Occupants({ endpoints, clock });
    const shared = {
      endpoints,
      records,
      rests,
      nextSeq,
      log,
      clock,
      sizing,
      isBusy,
      shelf,
      leases: this.#leases,
      events: this.#events,
    };
    this.#collector = new Collector({
      shelf,
      log,
      claim: (news) => this.#pools.get(poolOf(news.token))?.claim(news),
      release: (leaseId) => this.#release(leaseId),
    });
    for (const { settings, subnet } of options.pools) {
      if (this.#pools.has(settings.name)) throw new NetnsdError('internal', `two pools are named ${settings.name}`);
      this.#pools.set(settings.name, new Pool({ ...shared, settings, subnet }));
    }
  }

  /**
   * Hands every pool the endpoints of it that a reconcile found, and starts filling in the background. Throws `internal`
   * for a record whose pool is not configured (any more): the reconcile is to have removed it.
   */
  start(adopted: readonly EndpointRecord[] = []): void {
    const orphan = adopted.find((record) => !this.#pools.has(record.pool));
    if (orphan !== undefined) throw new NetnsdError('internal', `endpoint ${orphan.id} is of no configured pool`);
    for (const pool of this.#pools.values()) pool.start(adopted.filter((record) => record.pool === pool.name));
  }

  /** Enters what was taken from the shelf and given back; done before anything else that is asked of the pools. */
  collect(): void {
    this.#collector.collect();
    for (const pool of this.#pools.values()) pool.recover();
  }

  /**
   * Ready endpoints that somebody took off the shelf who is no container, as their records are. With `fix` they are replaced, and
   * what could not be laid out is laid out.
   */
  lookOverShelf({ fix }: { fix: boolean }): EndpointRecord[] {
    const missing = Array.from(this.#pools.values(), (pool) => ({ pool, tokens: pool.missingOffers() }));
    // What was missing by then, and was taken, is told of now.
    this.collect();
    if (this.#shelf?.sawAll !== true) return [];
    return missing.flatMap(({ pool, tokens }) => pool.lostOffers(tokens, { fix }));
  }

  async acquire(request: AcquireRequest): Promise<Lease[]> {
    this.collect();
    const pool = this.#choose(request.pool);
    const { pid } = request;
    if (pid === undefined) return pool.acquire(request);
    if (this.#processes === undefined) throw new NetnsdError('bad_request', 'no lease can be bound to a process here');
    return acquireBound({
      processes: this.#processes,
      pid,
      request,
      acquire: (bound, process) => pool.acquire(bound, process),
    });
  }

  release(leaseId: string): boolean {
    this.collect();
    return this.#release(leaseId);
  }

  #release(leaseId: string): boolean {
    const held = this.#leases.get(leaseId);
    return held !== undefined && this.#pool(held.lease.pool).release(leaseId);
  }

  renew(leaseId: string, ttlSeconds: number): Lease {
    this.collect();
    const held = this.#leases.get(leaseId);
    if (held === undefined) throw leaseNotFound(leaseId);
    this.#pool(held.lease.pool).renew(held, ttlMsOf(ttlSeconds));
    return held.lease;
  }

  /**
   * Ends a lease whose container is known to have gone; false when there is none. Nobody is waited for: the number of the
   * namespace may be another container's by now.
   */
  releaseGone(leaseId: string): boolean {
    this.collect();
    const held = this.#leases.get(leaseId);
    return held !== undefined && this.#pool(held.lease.pool).release(leaseId, 'its container has gone', true);
  }

  /** Every endpoint as it is now: a record stays the same object until something changes about its endpoint. */
  records(): EndpointRecord[] {
    this.collect();
    return [...this.#pools.values()].flatMap((pool) => pool.records());
  }

  endpoint(id: string): EndpointStatus | undefined {
    this.collect();
    const pool = this.#pools.get(poolOf(id));
    return pool && endpointStatus(id, { ...pool.endpoint(id), events: this.#events.of(id) });
  }

  /** Replaces a ready endpoint that is broken; false, and nothing done, if it is not as `record` says any more. */
  replace(record: EndpointRecord, reason: string): boolean {
    return this.#pool(record.pool).replace(record, reason);
  }

  /**
   * Ends a lease that nobody can have any more; false, and nothing done, if it is not as `record` says any more. Its
   * endpoint is not used again: who still has its path finds nothing there, and not somebody else's.
   */
  endLease(record: EndpointRecord, reason: Reason): boolean {
    return this.#pool(record.pool).endLease(record, reason);
  }

  /** Records that a container was seen in an endpoint that was leased for one; false if it is not as `record` says any more. */
  sawContainer(record: EndpointRecord): boolean {
    return this.#pool(record.pool).sawContainer(record);
  }

  async occupants(leaseIds: readonly string[]): Promise<number[][]> {
    const leases = leaseIds.map((id) => this.#leases.get(id)?.lease);
    return Promise.all(
      leases.map((lease) => (lease === undefined ? [] : this.#occupants.of(lease.graft?.inode ?? lease.netns.inode))),
    );
  }

  /**
   * Records that the interface of a lease is about to be moved into another namespace, before it is; returns the key of
   * its endpoint. Throws `lease_not_found` and `state_write_failed`.
   */
  markGrafted(leaseId: string, graft: Graft): EndpointKey {
    this.collect();
    const held = this.#leases.get(leaseId);
    const key = held && this.#pool(held.lease.pool).markGrafted(leaseId, graft);
    if (key === undefined) throw leaseNotFound(leaseId);
    return key;
  }

  lease(leaseId: string): Lease | undefined {
    this.collect();
    return this.#leases.get(leaseId)?.lease;
  }

  leases(filter: LeaseFilter = {}): Lease[] {
    this.collect();
    return this.#leases.list(filter);
  }

  status(): PoolStatus[] {
    this.collect();
    return Array.from(this.#pools.values(), (pool) => pool.status());
  }

  poolStatus(name: string): PoolStatus | undefined {
    this.collect();
    return this.#pools.get(name)?.status();
  }

  resize(name: string, change: { minReady?: number | undefined; max?: number | undefined }): PoolStatus {
    const pool = this.#pool(name);
    pool.resize(change);
    return pool.status();
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** No new work; resolves when what is under way has ended. Ready and leased endpoints stay as they are. Idempotent. */
  async close(): Promise<void> {
    this.#leases.close();
    await Promise.all(Array.from(this.#pools.values(), (pool) => pool.close()));
  }

  /** Closes, then destroys everything that is not leased; resolves with the ids of the endpoints that would not go. */
  async drain(): Promise<string[]> {
    this.#leases.close();
    const stuck = await Promise.all(Array.from(this.#pools.values(), (pool) => pool.drain()));
    return stuck.flat();
  }

  #choose(name: string | undefined): Pool {
    if (name !== undefined) return this.#pool(name);
    const only = this.#pools.size === 1 ? this.#pools.values().next().value : undefined;
    const pool = this.#pools.get(DEFAULT_POOL) ?? only;
    if (pool !== undefined) return pool;
    throw new NetnsdError('pool_not_found', `no pool is named ${DEFAULT_POOL}: name one of ${this.#names()}`);
  }

  #pool(name: string): Pool {
    const pool = this.#pools.get(name);
    if (pool !== undefined) return pool;
    throw new NetnsdError('pool_not_found', `no pool is named ${JSON.stringify(name)}; there is ${this.#names()}`);
  }

  #names(): string {
    return [...this.#pools.keys()].join(', ') || 'none';
  }
}
