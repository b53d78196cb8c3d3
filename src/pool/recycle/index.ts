/** What follows a release: verify, then ready again; or replace. */
export { type Reason, type Usage, type Way, wayOf } from './recycle.js';
export { Recycled } from './recycled.js';
export { Recycler } from './recycler.js';
export type { Clean, RecycleReport, Rejected, Released } from './released.js';
export { Sealer } from './sealer.js';
