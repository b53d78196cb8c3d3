/** Compares records, kernel and processes, and repairs the difference: survey, decide, act. See docs/reconcile.md. */

// At the start of a daemon.

export { planStart, type StartPlan } from './start-plan.js';
export { carryOutStart, refuseTaken, surveyStart } from './startup.js';
export { highestSeq, namesOf } from './strays.js';

// While it runs.

export { leaseTimes } from './lease-watch.js';
export { Periodic } from './periodic.js';
export { watchGrafts } from './release-grafts.js';
export { Reconciler } from './running.js';
export { ReconcileSchedule } from './schedule.js';

// What is reported.

export type { Finding, Reconciliation } from './findings.js';
