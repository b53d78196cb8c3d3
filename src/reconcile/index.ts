/** Compares records, kernel and processes, and repairs the difference: survey, decide, act. See docs/reconcile.md. */

// What is told.
export type { Finding, Reconciliation } from './findings.js';
// While it runs.
export { leaseTimes } from './lease-watch.js';
export { watchGrafts } from './release-grafts.js';
export { Reconciler } from './running.js';
export { ReconcileSchedule } from './schedule.js';
// At the start of a daemon.
export { reconcileAtStart, type Started } from './startup.js';
export { namesOf } from './strays.js';
