import type { Endpoint } from '../endpoint.js';
import type { PoolEvents } from '../events/events.js';
import type { Clock, Endpoints } from '../ports/index.js';
import type { ShelfNews } from '../ports/shelf.js';
import type { Reason } from '../recycle/index.js';
import type { EndpointTable, ReadyEndpoints, Stock } from '../stock/index.js';
import type { EndpointFacts, Lease } from '../types.js';
import type { AcquireOptions } from './acquire-options.js';
import type { ActiveLease, LeaseOwner } from './active-lease.js';
import { LeaseFactory } from './lease-factory.js';
import type { LeaseTable } from './lease-table.js';

interface LeasingOptions {
  readonly table: EndpointTable;
  readonly ready: ReadyEndpoints;
  readonly endpoints: Pick<Endpoints, 'isMounted'>;
  readonly stock: Pick<Stock, 'recycle' | 'discard'>;
  readonly leases: LeaseTable;
  readonly events: PoolEvents;
  readonly clock: Clock;
  readonly owner: LeaseOwner;
}

/** How a lease ends. */
export interface Ending {
  readonly reason: string;
  /** Whether it is known that no process is inside. */
  readonly empty?: boolean;
  /** Why the endpoint is to be replaced without a check. */
  readonly mustReplace?: Reason;
}

const OWN_MAC: Reason = { kind: 'mac', text: 'it has a MAC that was asked for' };

/** Leases a pool's endpoints and ends the leases; counts both, and tells subscribers. */
export class Leasing {
  readonly counts = { acquiredWarm: 0, acquiredCold: 0, released: 0 };
  readonly factory: LeaseFactory;
  readonly #options: LeasingOptions;

  constructor(options: LeasingOptions) {
    this.#options = options;
    this.factory = new LeaseFactory(options);
  }

  /**
   * Leases ready endpoints, all or nothing; null where there are not enough, since clients took some from the shelf just now.
   * Throws `state_write_failed`; then none is leased.
   */
  take(options: AcquireOptions, source: Lease['source']): ActiveLease[] | null {
    const { ready } = this.#options;
    const taken: ActiveLease[] = [];
    while (taken.length < options.count) {
      const endpoint = this.#takeMounted(options.tenant);
      if (endpoint === undefined) {
        this.#putBack(taken);
        return null;
      }
      try {
        const facts = endpoint.record.facts as EndpointFacts;
        taken.push(this.factory.lease({ endpoint, facts, options, source }));
      } catch (error) {
        ready.putBack(endpoint);
        this.#putBack(taken);
        throw error;
      }
    }
    return taken;
  }

  /** The lease of an endpoint that a client took from the shelf; undefined where no offer has its token. */
  claim(news: ShelfNews): ActiveLease | undefined {
    const endpoint = this.#options.ready.claim(news);
    return endpoint && this.factory.claim(endpoint, news);
  }

  /** Counts leases and tells subscribers, after clients that wait were served: a subscriber may do anything meanwhile. */
  announce(leases: readonly ActiveLease[]): void {
    for (const active of leases) {
      if (active.lease.source === 'warm') this.counts.acquiredWarm += 1;
      else this.counts.acquiredCold += 1;
      this.#emit('leased', active, null);
    }
  }

  /** Ends a lease; false when this pool has none of this id. Its endpoint is recycled in the background. */
  end(leaseId: string, { reason, empty = false, mustReplace }: Ending): boolean {
    const { leases, owner, table } = this.#options;
    if (leases.get(leaseId)?.owner !== owner) return false;
    const active = leases.remove(leaseId) as ActiveLease;
    this.counts.released += 1;
    table.moveAnyway(active.endpoint, 'dirty', { reason, tenant: active.lease.tenant });
    this.#emit('released', active, reason);
    this.#recycle(active, { empty, mustReplace });
    return true;
  }

  /** Ends leases whose clients disconnected before the response: no container saw the endpoints, so they are ready as before. */
  takeBack(leases: readonly ActiveLease[]): void {
    const { ready, leases: all } = this.#options;
    for (const active of leases) {
      if (all.get(active.lease.id) !== active) continue;
      this.#emit('released', active, 'client disconnected');
      const { endpoint, lease } = active;
      // One with a MAC of its own is for its client alone.
      if (endpoint.key.mac !== undefined) this.end(lease.id, { reason: 'client disconnected', mustReplace: OWN_MAC });
      else if (this.factory.undo(active)) ready.add(endpoint);
      else this.#recycle(active);
    }
  }

  /** See `Endpoints.isMounted`. */
  isMounted({ key, record }: Endpoint): boolean {
    const { netns } = record.facts as EndpointFacts;
    return this.#options.endpoints.isMounted({ name: key, netnsInode: netns.inode });
  }

  /** Takes a ready endpoint. One whose namespace others unmounted is destroyed: its path leads nowhere. */
  #takeMounted(tenant: string): Endpoint | undefined {
    const { ready, stock } = this.#options;
    for (let taken = ready.take(tenant); taken !== undefined; taken = ready.take(tenant)) {
      if (this.isMounted(taken)) return taken;
      stock.discard(taken, 'its namespace is not mounted any more');
    }
    return undefined;
  }

  #putBack(taken: readonly ActiveLease[]): void {
    for (const active of taken.toReversed()) {
      if (this.factory.undo(active)) this.#options.ready.putBack(active.endpoint);
      else this.#recycle(active);
    }
  }

  #recycle(
    { endpoint, lease }: ActiveLease,
    { empty = false, mustReplace }: { empty?: boolean; mustReplace?: Reason | undefined } = {},
  ): void {
    const { trust, graft, netns } = lease;
    const usage = {
      trust,
      grafted: graft !== undefined,
      sealed: endpoint.sealed,
      ...(mustReplace === undefined ? {} : { mustReplace }),
      ...(endpoint.key.mac === undefined ? {} : { mustReplace: mustReplace ?? OWN_MAC }),
    };
    this.#options.stock.recycle({ endpoint, usage, netnsInode: graft?.inode ?? netns.inode, empty });
  }

  #emit(type: 'leased' | 'released', { lease, endpoint }: ActiveLease, reason: string | null): void {
    const { pool, id, containerId } = lease;
    this.#options.events.emit({ type, pool, endpoint: endpoint.key.id, lease: id, containerId, reason });
  }
}
