import { NetnsdError } from '../../errors.js';
import type { Endpoint } from '../endpoint.js';
import type { Clock, Place } from '../ports/index.js';
import type { EndpointTable, ReadyEndpoints, Stock } from '../stock/index.js';
import type { EndpointFacts } from '../types.js';
import { type AcquireOptions, assertSameTerms } from './acquire-options.js';
import type { ActiveLease } from './active-lease.js';
import type { LeaseTable } from './lease-table.js';
import type { Leasing } from './leasing.js';
import { addressCools, addressInUse, addressUnused, buildFailed, clientGone, exhausted } from './refusals.js';
import type { Waiters } from './waiters.js';

export interface PlacedOptions {
  readonly pool: string;
  readonly clock: Clock;
  readonly table: EndpointTable;
  readonly leases: LeaseTable;
  readonly leasing: Leasing;
  readonly ready: ReadyEndpoints;
  readonly stock: Stock;
  /** To be called when an endpoint was given back. */
  readonly again: () => void;
}

type Attempt =
  | { readonly active: ActiveLease }
  /** Why not now; whether it will be soon without a release; when to try again at the latest. */
  | { readonly refusal: NetnsdError; readonly comes?: boolean; readonly againMs?: number | null };

/**
 * Acquires of an endpoint with a certain address or MAC: the one that has the address if it is ready, or else one that is built for it. They
 * wait beside the others, each for its own endpoint.
 */
export class Placed {
  readonly #options: PlacedOptions;
  /** Endpoints that are being built for such an acquire, and its lease once there is one. */
  readonly #building = new Map<Endpoint, { readonly options: AcquireOptions; active: ActiveLease | null }>();
  /** Ready ones that were destroyed to make room, or since they had the address and could not be leased with it. */
  readonly #cleared = new WeakSet<Endpoint>();
  readonly #waiting = new Set<() => void>();
  #closed: (() => NetnsdError) | null = null;

  constructor(options: PlacedOptions) {
    this.#options = options;
  }

  /** Rejects with `address_in_use`, `pool_exhausted`, `build_failed` and others once the client has waited as long as it would. */
  async acquire(options: AcquireOptions, place: Place, signal: AbortSignal | undefined): Promise<ActiveLease> {
    const { clock, table, pool } = this.#options;
    if ((place.index ?? 0) >= table.indexes.capacity) throw addressUnused(pool, table.indexes.capacity);
    const dueMs = clock.monotonicMs() + options.waitMs;
    for (;;) {
      if (this.#closed !== null) throw this.#closed();
      if (signal?.aborted) throw clientGone();
      const attempt = await this.#attempt(options, place);
      if ('active' in attempt) return this.#answer(attempt.active, signal);
      const { refusal, comes = false, againMs = null } = attempt;
      const leftMs = comes ? Number.POSITIVE_INFINITY : dueMs - clock.monotonicMs();
      if (leftMs <= 0) throw refusal;
      await this.#change(Math.min(leftMs, againMs ?? Number.POSITIVE_INFINITY), signal);
    }
  }

  /** Whether it is being built for such an acquire. */
  has(endpoint: Endpoint): boolean {
    return this.#building.has(endpoint);
  }

  /** Leases an endpoint that was built for an acquire; false where its container has a lease by now, or that cannot be recorded. */
  leaseBuilt(endpoint: Endpoint, facts: EndpointFacts): boolean {
    const { leasing, leases, pool } = this.#options;
    const entry = this.#building.get(endpoint);
    if (entry === undefined) return false;
    const { options } = entry;
    if (options.containerId !== null && leases.ofContainer(pool, options.containerId) !== undefined) return false;
    try {
      entry.active = leasing.factory.lease({ endpoint, facts, options, source: 'cold' });
    } catch {
      return false;
    }
    leasing.announce([entry.active]);
    return true;
  }

  /** Endpoints came or went. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  close(error: () => NetnsdError): void {
    this.#closed = error;
    this.changed();
  }

  #answer(active: ActiveLease, signal: AbortSignal | undefined): ActiveLease {
    if (!signal?.aborted) {
      active.confirmed = true;
      return active;
    }
    if (!active.confirmed) this.#options.leasing.takeBack([active]);
    this.#options.again();
    throw clientGone();
  }

  async #attempt(options: AcquireOptions, place: Place): Promise<Attempt> {
    const { leases, table, pool } = this.#options;
    const { containerId } = options;
    const existing = containerId === null ? undefined : leases.ofContainer(pool, containerId);
    if (existing !== undefined) {
      assertSameTerms(options, existing.lease, pool);
      return { active: existing };
    }
    const holder = table.find(({ index }) => index === place.index);
    const namesake = place.mac === null ? undefined : table.find(({ mac }) => mac === place.mac);
    if (namesake !== undefined && namesake !== holder) return this.#refuse(namesake, place);
    return holder === undefined ? await this.#build(options, place) : this.#take(holder, options, place);
  }

  #take(endpoint: Endpoint, options: AcquireOptions, place: Place): Attempt {
    const { ready, stock, leasing } = this.#options;
    const { state, tenant, facts } = endpoint.record;
    if (state !== 'ready' || facts === null) return this.#refuse(endpoint, place);
    const isForeign = tenant !== null && tenant !== options.tenant;
    if (place.mac !== null || isForeign || !leasing.isMounted(endpoint)) {
      if (stock.replace(endpoint, 'its address is wanted, and it cannot be leased')) this.#cleared.add(endpoint);
      return this.#refuse(endpoint, place);
    }
    if (!ready.takeThis(endpoint, options.tenant)) return this.#refuse(endpoint, place);
    try {
      const active = leasing.factory.lease({ endpoint, facts, options, source: 'warm' });
      leasing.announce([active]);
      stock.planLater();
      return { active };
    } catch (error) {
      ready.putBack(endpoint);
      throw error;
    }
  }

  #refuse(endpoint: Endpoint, place: Place): Attempt {
    const { state } = endpoint.record;
    const comes = state === 'building' || (state === 'destroying' && this.#cleared.has(endpoint));
    return { refusal: addressInUse(this.#options.pool, endpoint.record, place), comes };
  }

  async #build(options: AcquireOptions, place: Place): Promise<Attempt> {
    const { pool, table, stock } = this.#options;
    const { indexes } = table;
    const coolsMs = place.index === null ? null : indexes.coolsMs(place.index);
    if (coolsMs !== null) return { refusal: addressCools(pool, place, coolsMs), againMs: coolsMs };
    const full = { refusal: exhausted(pool, stock.size.max, stock.shortage) };
    if (place.index === null && indexes.available <= 0) return { ...full, againMs: indexes.nextMs };
    if (table.size >= stock.size.max) return { ...full, comes: this.#makeRoom() };
    const endpoint = table.reserve(place);
    const entry = { options, active: null as ActiveLease | null };
    this.#building.set(endpoint, entry);
    try {
      const failure = await stock.buildReserved(endpoint);
      if (failure !== null) throw buildFailed(pool, failure);
    } finally {
      this.#building.delete(endpoint);
    }
    return entry.active === null ? this.#refuse(endpoint, place) : { active: entry.active };
  }

  /** Destroys the ready endpoint that is needed least, unless one is being destroyed; false where there is none. */
  #makeRoom(): boolean {
    const { table, stock } = this.#options;
    for (const one of table.endpoints()) if (one.record.state === 'destroying' && this.#cleared.has(one)) return true;
    const evicted = stock.evict('another address is wanted');
    if (evicted !== undefined) this.#cleared.add(evicted);
    return evicted !== undefined;
  }

  /** Resolves when endpoints came or went, the client has gone, or so much time has passed. */
  #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel?.();
        signal?.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = Number.isFinite(ms) ? this.#options.clock.after(ms, wake) : undefined;
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}

/** Throws `lease_conflict` where the container waits for an endpoint of any address. */
export function assertNotWaiting(waiters: Waiters, containerId: string | null, pool: string): void {
  if (containerId === null || waiters.ofContainer(containerId) === undefined) return;
  throw new NetnsdError(
    'lease_conflict',
    `container ${containerId} waits for another lease of pool ${pool}: try again`,
    {
      details: { pool, containerId },
    },
  );
}
