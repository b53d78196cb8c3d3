import type { Endpoint } from '../endpoint.js';
import type { EndpointFacts, Lease, LeaseTerms } from '../types.js';
import type { Expiring } from './expiry.js';

/** The pool of a lease, which ends it. */
export interface LeaseOwner {
  expire(active: ActiveLease): void;
  processEnded(active: ActiveLease): void;
}

/** A lease that has not ended, and its endpoint. */
export interface ActiveLease {
  readonly lease: Lease;
  readonly endpoint: Endpoint;
  readonly owner: LeaseOwner;
  /** Whether a client was told of it; until then its endpoint can be made ready again without a check. */
  confirmed: boolean;
  expiring: Expiring<ActiveLease> | null;
  /** Stops waiting for the end of the lease's process. */
  unbind: (() => void) | null;
}

/** The lease of an endpoint, as clients see it. Pure. */
export function leaseOf(pool: string, terms: LeaseTerms, facts: EndpointFacts): Lease {
  const { id, containerId, tenant, trust, source, acquiredAt, expiresAt, graft, process } = terms;
  return {
    id,
    pool,
    containerId,
    tenant,
    trust,
    source,
    acquiredAt,
    expiresAt,
    ...(graft === undefined ? {} : { graft }),
    ...(process === undefined ? {} : { process }),
    ...facts,
  };
}

/** The leases, as clients see them. */
export function leasesOf(active: readonly ActiveLease[]): Lease[] {
  return active.map(({ lease }) => lease);
}
