import type { Logger } from 'pino';
import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import { netnsSeenAt } from '../../kernel/netns/netns-at.js';
import { readSight } from '../../kernel/process/sight.js';
import { systemClock } from '../../pool/index.js';
import { AttachmentWatch, leaseTimes, Reconciler, ReconcileSchedule } from '../../reconcile/index.js';
import { AttachmentFiles } from '../../state/index.js';
import type { OpenPools } from './open-pools.js';
import type { OpenState } from './open-state.js';

/** The reconciles of a running daemon. What was changed while no daemon ran is repaired before anything is leased. */
export async function openReconcile(options: {
  state: OpenState;
  opened: OpenPools;
  thread: EndpointThread;
  log: Logger;
}): Promise<ReconcileSchedule> {
  const { state, opened, thread, log } = options;
  const { config, pools, shelf, adopted } = opened;
  const reconciler = new Reconciler({
    site: state.site,
    pools,
    kernel: thread,
    shelf,
    times: leaseTimes(config),
    sight: readSight(),
    monotonicMs: systemClock.monotonicMs,
    attachments: new AttachmentWatch({ files: new AttachmentFiles(state.stateDir), netnsSeenAt }),
  });
  const schedule = new ReconcileSchedule({ reconciler, intervalMs: config.reconcileSeconds * 1000, log });
  if (adopted.length > 0) await schedule.runOnce();
  return schedule;
}
