import type { Found } from '../../endpoint/thread/thread-protocol.js';
import type { Site } from '../../endpoint/types.js';
import type { Pools } from '../../pool/index.js';
import { decide, RUNNING } from '../decide.js';
import { Periodic } from '../running/periodic.js';
import { SurveyIndex } from '../survey.js';

/** How long a lease may outlive its container where the `poststop` hook did not run, in milliseconds. */
const INTERVAL_MS = 10_000;

export interface GraftOptions {
  readonly site: Site;
  readonly pools: Pick<Pools, 'records' | 'lease' | 'releaseGone'>;
  /** The kernel objects that bear the instance id. */
  readonly inventory: () => Promise<Pick<Found, 'links' | 'namespaces'>>;
  /** Process ids by namespace inode. */
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

/**
 * Releases grafted leases whose container has gone: a failed `poststop` hook is only a warning to the runtime (OCI runtime
 * spec, "Lifecycle"), and one that was killed is not even that. Without a grafted lease the kernel is not asked. Resolves
 * with the ids of the leases.
 */
export async function releaseEndedGrafts({ site, pools, inventory, users, log }: GraftOptions): Promise<string[]> {
  // The leases first: one that is grafted during the survey has its container inside, which the survey may not show.
  const grafted = pools
    .records()
    .flatMap((record) => (record.lease?.graft === undefined ? [] : [{ record, lease: record.lease }]));
  if (grafted.length === 0) return [];
  const index = new SurveyIndex(site, { found: await inventory(), users: users() });
  const ended = grafted
    .filter(({ lease }) => pools.lease(lease.id)?.graft === lease.graft)
    .filter(({ record }) => decide(record, { ...index.of(record), ...RUNNING }).act === 'release')
    .map(({ lease }) => lease);
  for (const { id, containerId } of ended)
    if (pools.releaseGone(id))
      log.info({ lease: id, containerId }, 'container ended without its poststop hook; released');
  return ended.map(({ id }) => id);
}

/** Does so every ten seconds, until disposed. */
export function watchGrafts(options: GraftOptions, intervalMs = INTERVAL_MS): Disposable {
  const task = (): Promise<unknown> =>
    releaseEndedGrafts(options).catch((err: unknown) => options.log.warn({ err }, 'failed to check grafted leases'));
  return new Periodic({ intervalMs, task });
}
