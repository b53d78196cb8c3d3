import type { Clock } from '../clock.js';
import { type ShelfNews, takenTerms } from '../shelf.js';
import type { Endpoint, EndpointTable } from '../stock/endpoint-table.js';
import type { EndpointFacts, EndpointKey, Graft, Lease, LeaseTerms } from '../types.js';
import type { Ask } from './acquire-options.js';
import { newLeaseId } from './lease-id.js';
import type { Held, LeaseOwner, LeaseTable } from './lease-table.js';

/** Makes leases out of endpoints and unmakes those that nobody was told of; record, state and table in one step. */
export class Grants {
  readonly #table: EndpointTable;
  readonly #leases: LeaseTable;
  readonly #clock: Clock;
  readonly #owner: LeaseOwner;

  constructor(options: { table: EndpointTable; leases: LeaseTable; clock: Clock; owner: LeaseOwner }) {
    this.#table = options.table;
    this.#leases = options.leases;
    this.#clock = options.clock;
    this.#owner = options.owner;
  }

  /** Leases one endpoint, ready or just built. Throws `state_write_failed`; then nothing has changed. */
  grant(wanted: { endpoint: Endpoint; facts: EndpointFacts; ask: Ask; source: Lease['source'] }): Held {
    const { endpoint, facts, ask, source } = wanted;
    const nowMs = this.#clock.wallMs();
    const terms: LeaseTerms = {
      id: newLeaseId(),
      containerId: ask.containerId,
      tenant: ask.tenant,
      trust: ask.trust,
      source,
      acquiredAt: new Date(nowMs).toISOString(),
      expiresAt: null,
      ...(ask.ttlMs === null ? {} : this.#until(ask.ttlMs)),
      ...(ask.process === null ? {} : { process: ask.process }),
      ...(ask.forContainer ? { container: 'awaited' } : {}),
    };
    this.#table.move(endpoint, 'leased', { facts, lease: terms });
    return this.#hold({ endpoint, facts, terms, ttlMs: ask.ttlMs, confirmed: source === 'warm' });
  }

  /** The lease of what a client took from the shelf: it stands, whether or not that can be recorded. */
  claim(endpoint: Endpoint, news: ShelfNews): Held {
    const { takenAtMs, ttlMs } = news;
    const leftMs = ttlMs === null ? null : Math.max(0, takenAtMs + ttlMs - this.#clock.wallMs());
    const due = leftMs === null ? {} : { dueMonotonicMs: this.#clock.monotonicMs() + leftMs };
    const terms: LeaseTerms = { ...takenTerms(news), ...due };
    this.#table.moveAnyway(endpoint, 'leased', { lease: terms });
    const facts = endpoint.record.facts as EndpointFacts;
    return this.#hold({ endpoint, facts, terms, ttlMs: leftMs, confirmed: true });
  }

  #until(ttlMs: number): { expiresAt: string; dueMonotonicMs: number } {
    const expiresAt = new Date(this.#clock.wallMs() + ttlMs).toISOString();
    return { expiresAt, dueMonotonicMs: this.#clock.monotonicMs() + ttlMs };
  }

  /** Records that a lease lasts `ttlMs` from now on, and then has it last so long. Throws `state_write_failed`. */
  renew(held: Held, ttlMs: number): void {
    const { endpoint, lease } = held;
    const until = this.#until(ttlMs);
    this.#table.amend(endpoint, { ...(endpoint.record.lease as LeaseTerms), ...until });
    // The same object, as in `markGrafted`.
    (lease as { expiresAt: string | null }).expiresAt = until.expiresAt;
    this.#leases.renew(held, ttlMs);
  }

  /** Takes over a lease that outlived a restart. */
  adopt(endpoint: Endpoint, facts: EndpointFacts, terms: LeaseTerms): void {
    const ttlMs = terms.expiresAt === null ? null : this.#leftMs(terms, Date.parse(terms.expiresAt));
    this.#hold({ endpoint, facts, terms, ttlMs, confirmed: true });
  }

  /** The wall clock may have been set since: it counts only where a record has nothing better. */
  #leftMs({ dueMonotonicMs }: LeaseTerms, expiresAtMs: number): number {
    return dueMonotonicMs == null ? expiresAtMs - this.#clock.wallMs() : dueMonotonicMs - this.#clock.monotonicMs();
  }

  /**
   * Records that the interface of a lease is about to be elsewhere; returns the endpoint's key. Throws `state_write_failed`.
   */
  markGrafted(held: Held, graft: Graft): EndpointKey {
    const { endpoint, lease } = held;
    this.#table.amend(endpoint, { ...(endpoint.record.lease as LeaseTerms), graft });
    // The same object, not another one: the API keeps account of which leases somebody was told of.
    (lease as { graft?: Graft }).graft = graft;
    return endpoint.key;
  }

  /** A lease that nobody was told of: its endpoint is ready as before. False if that could not be recorded. */
  takeBack(held: Held): boolean {
    this.#leases.remove(held.lease.id);
    try {
      this.#table.move(held.endpoint, 'ready');
      return true;
    } catch {
      this.#table.moveAnyway(held.endpoint, 'dirty', { reason: 'not recorded as ready' });
      return false;
    }
  }

  #hold(made: {
    endpoint: Endpoint;
    facts: EndpointFacts;
    terms: LeaseTerms;
    ttlMs: number | null;
    confirmed: boolean;
  }): Held {
    const { endpoint, facts, terms, ttlMs, confirmed } = made;
    const lease: Lease = {
      id: terms.id,
      pool: endpoint.key.pool,
      containerId: terms.containerId,
      tenant: terms.tenant,
      trust: terms.trust,
      source: terms.source,
      acquiredAt: terms.acquiredAt,
      expiresAt: terms.expiresAt,
      ...(terms.graft === undefined ? {} : { graft: terms.graft }),
      ...(terms.process === undefined ? {} : { process: terms.process }),
      ...facts,
    };
    const held: Held = { lease, endpoint, owner: this.#owner, confirmed, expiring: null, unbind: null };
    this.#leases.add(held, ttlMs);
    return held;
  }
}
