import type { ApiPatchBundle, ApiPatchedBundle } from '../api/schemas.js';
import { hasCode } from '../errors.js';
import { findNetworkNamespace, patchBundle, readBundle } from '../oci/index.js';
import type { PoolService } from '../pool/index.js';

/** Annotations by which a spec says what it wants of netnsd. */
const ANNOTATION = { pool: 'dev.netnsd.pool', tenant: 'dev.netnsd.tenant', skip: 'dev.netnsd.skip' } as const;

/**
 * Leases an endpoint for the container of a bundle and writes its path into config.json. A spec that shares the host's
 * network, has a path already or asks to be skipped passes through untouched. A path that is this container's own lease
 * is no other's: the same request again gets the same answer. Throws what acquire and patch throw; then nothing is held.
 */
export async function leaseBundle(
  service: PoolService,
  request: ApiPatchBundle & { signal: AbortSignal },
): Promise<ApiPatchedBundle> {
  using bundle = readBundle(request.bundle);
  const annotations = bundle.spec.annotations ?? {};
  if (annotations[ANNOTATION.skip] === 'true') return passthrough(`the annotation ${ANNOTATION.skip} says so`);
  const path = networkPath(() => findNetworkNamespace(bundle).path);
  if (path === undefined) return passthrough("the container shares the host's network");
  const { containerId, wait, signal } = request;
  const pool = request.pool ?? annotations[ANNOTATION.pool];
  const tenant = request.tenant ?? annotations[ANNOTATION.tenant];
  if (path !== null) {
    const own = service.leases({ containerId }).find((lease) => lease.netns.path === path);
    return own === undefined ? passthrough(`the network namespace has a path already: ${path}`) : patched(own);
  }
  const standing = new Set(service.leases({ containerId }).map(({ id }) => id));
  const [lease] = await service.acquire({ pool, containerId, tenant, waitSeconds: wait, signal });
  if (lease === undefined) return passthrough('no lease was made');
  try {
    patchBundle({ bundle, netnsPath: lease.netns.path });
  } catch (error) {
    if (!standing.has(lease.id)) service.release(lease.id);
    throw error;
  }
  return patched(lease);
}

function networkPath(find: () => string | null): string | null | undefined {
  try {
    return find();
  } catch (error) {
    if (hasCode(error, 'bundle_host_network')) return undefined;
    throw error;
  }
}

function passthrough(reason: string): ApiPatchedBundle {
  return { action: 'passthrough', reason };
}

function patched(lease: unknown): ApiPatchedBundle {
  return { action: 'patched', lease: lease as NonNullable<ApiPatchedBundle['lease']> };
}
