import type { PoolService } from '../../pool/index.js';

/** The pools for an API that is opened before they are: `pools` is called with each request. */
export function latePools(pools: () => PoolService): PoolService {
  return {
    acquire: (request) => pools().acquire(request),
    release: (leaseId) => pools().release(leaseId),
    renew: (leaseId, ttlSeconds) => pools().renew(leaseId, ttlSeconds),
    occupants: (leaseIds) => pools().occupants(leaseIds),
    lease: (leaseId) => pools().lease(leaseId),
    leases: (filter) => pools().leases(filter),
    status: () => pools().status(),
    poolStatus: (name) => pools().poolStatus(name),
    endpoint: (id) => pools().endpoint(id),
    resize: (name, change) => pools().resize(name, change),
    subscribe: (listener) => pools().subscribe(listener),
  };
}
