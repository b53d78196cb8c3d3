import type { Lease } from '../pool/index.js';
import type { PeerCredentials } from './delivery.js';
import type { ApiLog } from './options.js';

/** Logs which process was given which leases. A repeated acquire is logged at level debug. */
export function logLeases(
  log: ApiLog,
  leases: readonly Lease[],
  { isNew, peer }: { isNew: boolean; peer: PeerCredentials | null },
): void {
  for (const { id, pool, containerId, tenant, source } of leases) {
    const details = { lease: id, pool, containerId, tenant, source, ...peer };
    if (isNew) log.info(details, 'leased');
    else log.debug(details, 'already leased');
  }
}
