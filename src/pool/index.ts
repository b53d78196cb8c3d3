/** Pools of endpoints: states, leases, refill, recycling. Pure: all that touches the machine is handed in. */

// The pools, and what others ask of them

export type { EndpointStatus } from './events/endpoint-status.js';
export { Pools, type PoolsOptions } from './pools.js';
export type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from './service.js';
export * from './types.js';

// What becomes of an endpoint

export { newLeaseId } from './lease/index.js';
export { type Reason, type Usage, type Way, wayOf } from './recycle/index.js';
export { NEXT_STATES } from './stock/index.js';

// What the pools are given: the clock, the shelf, and when work has to wait

export { Deferral, type DeferralOptions } from './deferral.js';
export { type Cancel, systemClock } from './ports/clock.js';
export { type ShelfNews, shelfKey, type TakenLease, takenTerms } from './ports/shelf.js';
