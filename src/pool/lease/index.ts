/** Leases: from acquire to release, and the clients that wait for one. */

export { type AcquireOptions, acquireOptions, assertSameTerms, ttlMsOf } from './acquire-options.js';
export { type ActiveLease, type LeaseOwner, leasesOf } from './active-lease.js';
export { admitTenants } from './admission.js';
export { acquireBound } from './bound-acquire.js';
export { Dispatcher } from './dispatcher.js';
export { newLeaseId } from './lease-id.js';
export { LeaseTable } from './lease-table.js';
export { type Ending, Leasing } from './leasing.js';
export { Occupants } from './occupants.js';
export { clientGone, exhausted, leaseNotFound, retired, shuttingDown } from './refusals.js';
export { Waiters } from './waiters.js';
