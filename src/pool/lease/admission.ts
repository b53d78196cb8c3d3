import { toNetnsdError } from '../../errors.js';
import type { Endpoints } from '../ports/index.js';
import type { ActiveLease } from './active-lease.js';
import type { Ending } from './leasing.js';

interface Admission {
  readonly endpoints: Pick<Endpoints, 'admit'>;
  /** Ends a lease. */
  readonly end: (leaseId: string, ending: Ending) => void;
}

/**
 * Has the kernel let the endpoints of leases reach those of their tenant, in a pool that isolates tenants: one transaction, and none where
 * the tenant had the endpoint before. Without it a lease is of no use, so it ends; rejects with why.
 */
export async function admitTenants(leases: readonly ActiveLease[], { endpoints, end }: Admission): Promise<void> {
  try {
    await endpoints.admit(leases.map(({ endpoint, lease }) => ({ name: endpoint.key, tenant: lease.tenant })));
  } catch (error) {
    const text = `its tenant's network could not be set up: ${toNetnsdError(error).message}`;
    for (const { lease } of leases) end(lease.id, { reason: text, mustReplace: { kind: 'error', text } });
    throw error;
  }
}
