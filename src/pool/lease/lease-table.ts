import type { Clock, Processes, Shelf } from '../ports/index.js';
import { shelfKey } from '../ports/shelf.js';
import type { LeaseFilter } from '../service.js';
import type { Lease } from '../types.js';
import type { ActiveLease } from './active-lease.js';
import { Expiry } from './expiry.js';

interface LeaseTablePorts {
  readonly processes?: Pick<Processes, 'watch'> | undefined;
  readonly shelf?: Pick<Shelf, 'mark' | 'markSeveral' | 'end'> | undefined;
}

/** Owns the leases of all pools: by id, by pool and container, and when they end by themselves. */
export class LeaseTable {
  readonly #byId = new Map<string, ActiveLease>();
  readonly #byContainer = new Map<string, ActiveLease>();
  /** The leases of a container in all pools. */
  readonly #ofContainer = new Map<string, Set<ActiveLease>>();
  readonly #expiry: Expiry<ActiveLease>;
  readonly #ports: LeaseTablePorts;

  constructor(clock: Clock, ports: LeaseTablePorts = {}) {
    this.#ports = ports;
    this.#expiry = new Expiry(clock, (active) => active.owner.expire(active));
  }

  get size(): number {
    return this.#byId.size;
  }

  get(leaseId: string): ActiveLease | undefined {
    return this.#byId.get(leaseId);
  }

  ofContainer(pool: string, containerId: string): ActiveLease | undefined {
    return this.#byContainer.get(containerKey(pool, containerId));
  }

  list(filter: LeaseFilter): Lease[] {
    const leases: Lease[] = [];
    const { containerId } = filter;
    const candidates = containerId === undefined ? this.#byId.values() : (this.#ofContainer.get(containerId) ?? []);
    for (const { lease } of candidates) {
      if (filter.pool !== undefined && lease.pool !== filter.pool) continue;
      if (filter.tenant !== undefined && lease.tenant !== filter.tenant) continue;
      leases.push(lease);
    }
    return leases;
  }

  /** Adds a lease, which ends after `ttlMs` unless that is null. */
  add(active: ActiveLease, ttlMs: number | null): void {
    const { id, pool, containerId, process } = active.lease;
    this.#byId.set(id, active);
    if (containerId !== null) {
      this.#byContainer.set(containerKey(pool, containerId), active);
      const all = this.#ofContainer.get(containerId);
      if (all === undefined) this.#ports.shelf?.mark(containerId);
      else this.#ports.shelf?.markSeveral(containerId);
      this.#ofContainer.set(containerId, (all ?? new Set()).add(active));
    }
    if (ttlMs !== null) active.expiring = this.#expiry.add(active, Math.max(0, ttlMs));
    if (process !== undefined)
      active.unbind = this.#ports.processes?.watch(process, () => active.owner.processEnded(active)) ?? null;
  }

  /** A lease ends `ttlMs` from now, whatever it had. */
  renew(active: ActiveLease, ttlMs: number): void {
    if (active.expiring !== null) this.#expiry.remove(active.expiring);
    active.expiring = this.#expiry.add(active, ttlMs);
  }

  /** Removes a lease; undefined when there is none of this id. Its container may not take from the shelf until `releaseRecorded`. */
  remove(leaseId: string): ActiveLease | undefined {
    const active = this.#byId.get(leaseId);
    if (active === undefined) return undefined;
    const { pool, containerId } = active.lease;
    this.#byId.delete(leaseId);
    if (containerId !== null) {
      const key = containerKey(pool, containerId);
      if (this.#byContainer.get(key) === active) this.#byContainer.delete(key);
      const all = this.#ofContainer.get(containerId);
      all?.delete(active);
      if (all?.size === 0) this.#ofContainer.delete(containerId);
    }
    if (active.expiring !== null) this.#expiry.remove(active.expiring);
    active.unbind?.();
    active.endpoint.unrecordedRelease = shelfKey(active.lease);
    return active;
  }

  /**
   * A record says that the lease of this key has ended: unless its container has another lease, it may take from the shelf
   * again. Not before, since after a crash the endpoint would be taken for pristine.
   */
  releaseRecorded(key: string): void {
    if (!this.#ofContainer.has(key)) this.#ports.shelf?.end(key);
  }

  /** No lease ends by itself any more; a restart continues with what the records say. */
  close(): void {
    this.#expiry.close();
    for (const active of this.#byId.values()) active.unbind?.();
  }
}

/** Unambiguous: the name of a pool has no slash. */
function containerKey(pool: string, containerId: string): string {
  return `${pool}/${containerId}`;
}
