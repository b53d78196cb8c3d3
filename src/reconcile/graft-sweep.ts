import type { Found } from '../endpoint/thread/thread-protocol.js';
import type { Pools } from '../pool/index.js';
import { isGraftInUse } from './graft-users.js';

/** How long a lease may outlive its container where the `poststop` hook did not run, in milliseconds. */
const INTERVAL_MS = 10_000;

interface SweepOptions {
  readonly pools: Pick<Pools, 'leases' | 'lease' | 'releaseGone'>;
  /** What the kernel holds that bears the daemon's mark. */
  readonly inventory: () => Promise<Pick<Found, 'links'>>;
  /** Process ids by namespace inode. */
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

/**
 * Releases grafted leases whose container is gone: a failed `poststop` is only a warning to the runtime (OCI runtime
 * spec, "Lifecycle"), and a killed one not even that. Costs nothing while no lease is grafted. Resolves with their ids.
 */
export async function sweepGrafts({ pools, inventory, users, log }: SweepOptions): Promise<string[]> {
  // Before the looks: a lease that is grafted during them has its container inside, and is not judged by older looks.
  const grafted = pools
    .leases({})
    .flatMap((lease) => (lease.graft === undefined ? [] : [{ lease, graft: lease.graft }]));
  if (grafted.length === 0) return [];
  const linked = new Set((await inventory()).links.map(({ name }) => name));
  const inside = users();
  const gone = grafted
    .filter(({ lease, graft }) => pools.lease(lease.id)?.graft === graft)
    .filter(({ lease, graft }) => !isGraftInUse({ graft, linked: linked.has(lease.interface.hostName), users: inside }))
    .map(({ lease }) => lease);
  for (const { id, containerId } of gone) {
    if (pools.releaseGone(id)) log.info({ lease: id, containerId }, 'a container has gone without its poststop hook');
  }
  return gone.map(({ id }) => id);
}

/** Sweeps now and then, one sweep at a time, until the returned function is called. */
export function keepSweeping(options: SweepOptions, intervalMs = INTERVAL_MS): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      sweepGrafts(options)
        .catch((error: unknown) => options.log.warn({ err: error }, 'grafted leases were not looked after'))
        .finally(again);
    }, intervalMs);
    timer.unref();
  };
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
