/** Compares records, kernel and processes, and repairs the difference: survey, decide, act. See docs/reconcile.md. */

// At the start of a daemon.

export { planStart, type StartPlan } from './start/start-plan.js';
export { carryOutStart, refuseTaken, surveyStart } from './start/startup.js';
export { highestSeq, namesOf } from './strays.js';

// While it runs.

export { watchGrafts } from './grafts/release-grafts.js';
export { AttachmentWatch } from './running/attachment-watch.js';
export { leaseTimes } from './running/lease-watch.js';
export { Periodic } from './running/periodic.js';
export { Reconciler } from './running/reconciler.js';
export { ReconcileSchedule } from './running/schedule.js';

// What is reported.

export type { Finding, Reconciliation } from './findings.js';
