import type { Endpoint } from '../endpoint.js';
import type { Clock } from '../ports/index.js';
import { type ShelfNews, takenTerms } from '../ports/shelf.js';
import type { EndpointTable } from '../stock/table/endpoint-table.js';
import type { EndpointFacts, EndpointKey, Graft, Lease, LeaseTerms } from '../types.js';
import type { AcquireOptions } from './acquire-options.js';
import { type ActiveLease, type LeaseOwner, leaseOf } from './active-lease.js';
import { newLeaseId } from './lease-id.js';
import type { LeaseTable } from './lease-table.js';

interface LeaseFactoryOptions {
  readonly table: EndpointTable;
  readonly leases: LeaseTable;
  readonly clock: Clock;
  readonly owner: LeaseOwner;
}

/** Makes leases of endpoints, and undoes those that no client was told of: record, state and lease table in one step. */
export class LeaseFactory {
  readonly #options: LeaseFactoryOptions;

  constructor(options: LeaseFactoryOptions) {
    this.#options = options;
  }

  /** Leases one endpoint, ready or just built. Throws `state_write_failed`; then nothing has changed. */
  lease(wanted: {
    endpoint: Endpoint;
    facts: EndpointFacts;
    options: AcquireOptions;
    source: Lease['source'];
  }): ActiveLease {
    const { endpoint, facts, options, source } = wanted;
    const { containerId, tenant, trust, ttlMs, process, forContainer } = options;
    const terms: LeaseTerms = {
      id: newLeaseId(),
      containerId,
      tenant,
      trust,
      source,
      acquiredAt: new Date(this.#options.clock.wallMs()).toISOString(),
      expiresAt: null,
      ...(ttlMs === null ? {} : this.#until(ttlMs)),
      ...(process === null ? {} : { process }),
      ...(forContainer ? { container: 'awaited' } : {}),
    };
    this.#options.table.move(endpoint, 'leased', { facts, lease: terms });
    return this.#add({ endpoint, facts, terms, ttlMs, confirmed: source === 'warm' });
  }

  /** The lease of an endpoint that a client took from the shelf: it is active even if that cannot be recorded. */
  claim(endpoint: Endpoint, news: ShelfNews): ActiveLease {
    const { clock, table } = this.#options;
    const leftMs = news.ttlMs === null ? null : Math.max(0, news.takenAtMs + news.ttlMs - clock.wallMs());
    const due = leftMs === null ? {} : { dueMonotonicMs: clock.monotonicMs() + leftMs };
    const terms: LeaseTerms = { ...takenTerms(news), ...due };
    table.moveAnyway(endpoint, 'leased', { lease: terms });
    const facts = endpoint.record.facts as EndpointFacts;
    return this.#add({ endpoint, facts, terms, ttlMs: leftMs, confirmed: true });
  }

  /** Records that a lease lasts `ttlMs` from now on. Throws `state_write_failed`; then nothing has changed. */
  renew(active: ActiveLease, ttlMs: number): void {
    const { endpoint, lease } = active;
    const until = this.#until(ttlMs);
    this.#options.table.amend(endpoint, { ...(endpoint.record.lease as LeaseTerms), ...until });
    // The same object, as in `markGrafted`.
    (lease as { expiresAt: string | null }).expiresAt = until.expiresAt;
    this.#options.leases.renew(active, ttlMs);
  }

  /** Takes over a lease that outlived a restart. */
  adopt(endpoint: Endpoint, facts: EndpointFacts, terms: LeaseTerms): void {
    const ttlMs = terms.expiresAt === null ? null : this.#leftMs(terms, Date.parse(terms.expiresAt));
    this.#add({ endpoint, facts, terms, ttlMs, confirmed: true });
  }

  /** Records that the interface of a lease is about to be moved; returns the endpoint's key. Throws `state_write_failed`. */
  markGrafted(active: ActiveLease, graft: Graft): EndpointKey {
    const { endpoint, lease } = active;
    this.#options.table.amend(endpoint, { ...(endpoint.record.lease as LeaseTerms), graft });
    // The same object, not another one: the API remembers by object which leases it has answered with.
    (lease as { graft?: Graft }).graft = graft;
    return endpoint.key;
  }

  /** Undoes a lease that no client was told of: its endpoint is ready as before. False if that could not be recorded. */
  undo({ lease, endpoint }: ActiveLease): boolean {
    const { leases, table } = this.#options;
    leases.remove(lease.id);
    try {
      table.move(endpoint, 'ready');
      return true;
    } catch {
      table.moveAnyway(endpoint, 'dirty', { reason: 'not recorded as ready' });
      return false;
    }
  }

  #until(ttlMs: number): { expiresAt: string; dueMonotonicMs: number } {
    const { clock } = this.#options;
    const expiresAt = new Date(clock.wallMs() + ttlMs).toISOString();
    return { expiresAt, dueMonotonicMs: clock.monotonicMs() + ttlMs };
  }

  /** The wall clock may have been set since: it counts only where a record has nothing better. */
  #leftMs({ dueMonotonicMs }: LeaseTerms, expiresAtMs: number): number {
    const { clock } = this.#options;
    return dueMonotonicMs == null ? expiresAtMs - clock.wallMs() : dueMonotonicMs - clock.monotonicMs();
  }

  #add(made: {
    endpoint: Endpoint;
    facts: EndpointFacts;
    terms: LeaseTerms;
    ttlMs: number | null;
    confirmed: boolean;
  }): ActiveLease {
    const { endpoint, facts, terms, ttlMs, confirmed } = made;
    const { owner, leases } = this.#options;
    const lease = leaseOf(endpoint.key.pool, terms, facts);
    const active: ActiveLease = { lease, endpoint, owner, confirmed, expiring: null, unbind: null };
    leases.add(active, ttlMs);
    return active;
  }
}
