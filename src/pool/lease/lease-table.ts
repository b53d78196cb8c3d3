import type { Clock } from '../clock.js';
import type { LeaseFilter } from '../service.js';
import { type Shelf, shelfKey } from '../shelf.js';
import type { Endpoint } from '../stock/endpoint-table.js';
import type { Lease, Processes } from '../types.js';
import { type Expiring, Expiry } from './expiry.js';

/** Who ends a lease whose time is over, or whose process has ended: its pool. */
export interface LeaseOwner {
  expire(held: Held): void;
  processEnded(held: Held): void;
}

/** A lease that stands, and what it holds. */
export interface Held {
  readonly lease: Lease;
  readonly endpoint: Endpoint;
  readonly owner: LeaseOwner;
  /** Somebody was told of it; until then an endpoint may go back unseen. */
  confirmed: boolean;
  expiring: Expiring<Held> | null;
  /** Stops waiting for the end of the lease's process. */
  unbind: (() => void) | null;
}

/** Owns the leases of all pools: by id, by (pool, containerId), and when they end by themselves. */
export class LeaseTable {
  readonly #byId = new Map<string, Held>();
  readonly #byContainer = new Map<string, Held>();
  /** What a container holds in all pools. */
  readonly #ofContainer = new Map<string, Set<Held>>();
  readonly #expiry: Expiry<Held>;
  readonly #processes: Pick<Processes, 'watch'> | undefined;
  readonly #shelf: Pick<Shelf, 'hold' | 'holdSeveral' | 'letGo'> | undefined;

  constructor(
    clock: Clock,
    {
      processes,
      shelf,
    }: {
      processes?: Pick<Processes, 'watch'> | undefined;
      shelf?: Pick<Shelf, 'hold' | 'holdSeveral' | 'letGo'> | undefined;
    } = {},
  ) {
    this.#processes = processes;
    this.#shelf = shelf;
    this.#expiry = new Expiry(clock, (held) => held.owner.expire(held));
  }

  get size(): number {
    return this.#byId.size;
  }

  get(leaseId: string): Held | undefined {
    return this.#byId.get(leaseId);
  }

  ofContainer(pool: string, containerId: string): Held | undefined {
    return this.#byContainer.get(containerKey(pool, containerId));
  }

  list(filter: LeaseFilter): Lease[] {
    const leases: Lease[] = [];
    const { containerId } = filter;
    const held = containerId === undefined ? this.#byId.values() : (this.#ofContainer.get(containerId) ?? []);
    for (const { lease } of held) {
      if (filter.pool !== undefined && lease.pool !== filter.pool) continue;
      if (filter.tenant !== undefined && lease.tenant !== filter.tenant) continue;
      leases.push(lease);
    }
    return leases;
  }

  /** Holds a lease from now on, for `ttlMs` unless that is null. */
  add(held: Held, ttlMs: number | null): void {
    const { id, pool, containerId, process } = held.lease;
    this.#byId.set(id, held);
    if (containerId !== null) {
      this.#byContainer.set(containerKey(pool, containerId), held);
      const all = this.#ofContainer.get(containerId);
      if (all === undefined) this.#shelf?.hold(containerId);
      else this.#shelf?.holdSeveral(containerId);
      this.#ofContainer.set(containerId, (all ?? new Set()).add(held));
    }
    if (ttlMs !== null) held.expiring = this.#expiry.add(held, Math.max(0, ttlMs));
    if (process !== undefined)
      held.unbind = this.#processes?.watch(process, () => held.owner.processEnded(held)) ?? null;
  }

  /** A lease that stands ends after `ttlMs` from now, whatever it had. */
  renew(held: Held, ttlMs: number): void {
    if (held.expiring !== null) this.#expiry.remove(held.expiring);
    held.expiring = this.#expiry.add(held, ttlMs);
  }

  /**
   * Forgets a lease; undefined when there is none of this id. When its endpoint's record says so, its container may take from
   * the shelf again, unless it holds another one: not before, since of a lease that nothing speaks of, the endpoint would be
   * taken for pristine.
   */
  remove(leaseId: string): Held | undefined {
    const held = this.#byId.get(leaseId);
    if (held === undefined) return undefined;
    const { pool, containerId } = held.lease;
    this.#byId.delete(leaseId);
    if (containerId !== null) {
      const key = containerKey(pool, containerId);
      if (this.#byContainer.get(key) === held) this.#byContainer.delete(key);
      const all = this.#ofContainer.get(containerId);
      all?.delete(held);
      if (all?.size === 0) this.#ofContainer.delete(containerId);
    }
    if (held.expiring !== null) this.#expiry.remove(held.expiring);
    held.unbind?.();
    const key = shelfKey(held.lease);
    held.endpoint.onUnleased = () => {
      if (!this.#ofContainer.has(key)) this.#shelf?.letGo(key);
    };
    return held;
  }

  /** No lease ends by itself any more; a restart reckons anew from what the records say. */
  close(): void {
    this.#expiry.close();
    for (const held of this.#byId.values()) held.unbind?.();
  }
}

/** Unambiguous: the name of a pool holds no slash. */
function containerKey(pool: string, containerId: string): string {
  return `${pool}/${containerId}`;
}
