/** Pools of endpoints: states, leases, refill, recycling. Pure: all that touches the machine is handed in. */
export { type Cancel, systemClock } from './clock.js';
export { Deferral, type DeferralOptions } from './deferral.js';
export type { EndpointStatus } from './endpoint-status.js';
export { newLeaseId } from './lease/index.js';
export { Pools, type PoolsOptions } from './pools.js';
export { type Reason, type Usage, type Way, wayOf } from './recycle/index.js';
export type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from './service.js';
export { type ShelfNews, shelfKey, type TakenLease, takenTerms } from './shelf.js';
export { NEXT_STATES } from './stock/index.js';
export * from './types.js';
