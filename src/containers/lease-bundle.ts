import { hasCode, NetnsdError } from '../errors.js';
import {
  type Bundle,
  findNetworkNamespace,
  patchBundle,
  readBundle,
  readTrust,
  refuseUserNamespace,
} from '../oci/index.js';
import type { PoolService } from '../pool/index.js';
import type { LeaseDns } from './lease-dns.js';
import { type Patched, type PatchRequest, passthrough } from './requests.js';

/** Annotations that netnsd reads from a spec (pool, tenant, skip) and writes into it (lease, address). */
export const ANNOTATION = {
  pool: 'dev.netnsd.pool',
  tenant: 'dev.netnsd.tenant',
  skip: 'dev.netnsd.skip',
  lease: 'dev.netnsd.lease',
  address: 'dev.netnsd.address',
} as const;

/**
 * Leases an endpoint for the container of a bundle and writes its path into config.json, with the lease and its address
 * as annotations: `runc state` and `ctr container info` show them. The spec's annotations take precedence over the
 * request. A spec that shares the host's network, has a path that netnsd did not write, or has the annotation `skip` is
 * left unchanged; a path that an earlier patch wrote is replaced. Repeated, it returns the same lease and `existing`.
 * Throws what acquire and patch throw; then nothing new is leased.
 */
export async function leaseBundle(
  service: PoolService,
  request: PatchRequest,
  dns?: Pick<LeaseDns, 'filesFor'>,
): Promise<Patched> {
  using bundle = readBundle(request.bundle);
  refuseForeign(bundle, request.peer?.uid ?? 0);
  const annotations = bundle.spec.annotations ?? {};
  if (isSkipped(bundle)) return passthrough(`its annotation ${ANNOTATION.skip} is set`);
  const path = networkPath(bundle);
  if (path === undefined) return passthrough("the container shares the host's network");
  const { containerId } = request;
  const marked = annotations[ANNOTATION.lease];
  if (path === null || marked !== undefined) refuseUserNamespace(bundle);
  if (path !== null && marked === undefined) {
    const own = service.leases({ containerId }).find((lease) => lease.netns.path === path);
    if (own === undefined) return passthrough(`its network namespace already has a path: ${path}`);
    return { action: 'patched', existing: true, lease: own };
  }
  const held = new Set(service.leases({ containerId }).map(({ id }) => id));
  const [lease] = await service.acquire({
    pool: annotations[ANNOTATION.pool] ?? request.pool,
    containerId,
    tenant: annotations[ANNOTATION.tenant] ?? request.tenant,
    trust: readTrust(bundle.spec).privileged ? 'privileged' : 'unprivileged',
    forContainer: true,
    waitSeconds: request.wait,
    signal: request.signal,
  });
  if (lease === undefined) return passthrough('no lease was made');
  const existing = held.has(lease.id);
  if (existing && path === lease.netns.path) return { action: 'patched', existing, lease };
  try {
    const files = dns?.filesFor({ bundle, lease, requested: request.dns });
    patchBundle({
      bundle,
      netnsPath: lease.netns.path,
      annotations: { [ANNOTATION.lease]: lease.id, [ANNOTATION.address]: lease.addresses[0]?.address ?? '' },
      ...(path === null ? {} : { replaces: path }),
      ...(files === undefined ? {} : { files }),
    });
  } catch (error) {
    if (!existing) service.release(lease.id);
    throw error;
  }
  return { action: 'patched', existing, lease };
}

/** Whether the spec asks netnsd to leave it alone. */
export function isSkipped({ spec }: Bundle): boolean {
  return ['true', '1'].includes(spec.annotations?.[ANNOTATION.skip] ?? '');
}

/**
 * The daemon has more privileges than its clients: a client that is not root may only name bundles that it owns. Throws
 * `bundle_invalid`.
 */
export function refuseForeign(bundle: Bundle, uid: number): void {
  if (uid === 0 || uid === process.geteuid?.() || bundle.owners.every((owner) => owner === uid)) return;
  const message = `${bundle.specPath} and its folder must belong to the client, user ${uid}: change their owner, or run the client as root`;
  throw new NetnsdError('bundle_invalid', message, { details: { bundle: bundle.path, uid } });
}

/** Undefined if the container shares the host's network, null if its namespace has no path. */
export function networkPath(bundle: Bundle): string | null | undefined {
  try {
    return findNetworkNamespace(bundle).path;
  } catch (error) {
    if (hasCode(error, 'bundle_host_network')) return undefined;
    throw error;
  }
}
