/** Pools of endpoints: states, leases, refill, recycling. Pure: all that touches the machine is handed in. */
export { type Cancel, type Clock, systemClock } from './clock.js';
export type { EndpointStatus } from './endpoint-status.js';
export { newLeaseId } from './lease/lease-id.js';
export type { PoolLog } from './log.js';
export { Pools, type PoolsOptions } from './pools.js';
export { type Past, type Reason, type Way, wayOf } from './recycle/recycle.js';
export type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from './service.js';
export { type Shelf, type ShelfNews, shelfKey, type TakenLease, takenTerms } from './shelf.js';
export { NEXT_STATES } from './stock/states.js';
export * from './types.js';
