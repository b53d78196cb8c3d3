import { hasCode, NetnsdError } from '../errors.js';
import { type Bundle, findNetworkNamespace, patchBundle, readBundle, readTrust } from '../oci/index.js';
import type { Lease, PoolService } from '../pool/index.js';
import type { LeaseDns } from './lease-dns.js';

/** Annotations by which a spec says what it wants of netnsd, and by which it is told what it got. */
export const ANNOTATION = {
  pool: 'dev.netnsd.pool',
  tenant: 'dev.netnsd.tenant',
  skip: 'dev.netnsd.skip',
  lease: 'dev.netnsd.lease',
  address: 'dev.netnsd.address',
} as const;

/** A request for the container of a bundle; a bundle's annotations go before it. */
export interface ContainerRequest {
  /** Absolute path of the folder that holds config.json. */
  readonly bundle: string;
  readonly containerId: string;
  readonly pool?: string;
  readonly tenant?: string;
  /** Seconds to wait for a release when the pool is at its max. */
  readonly wait?: number;
  readonly signal: AbortSignal;
  readonly peer?: { readonly uid: number } | null;
}

interface Request extends ContainerRequest {
  readonly dns?: boolean;
}

/** What was done to a bundle or container; with `passthrough` nothing, and `reason` says why. */
export interface Answer<Action extends string> {
  readonly action: Action | 'passthrough';
  readonly reason?: string;
  readonly existing?: boolean;
  readonly lease?: Lease;
}

/**
 * Leases an endpoint for the container of a bundle and writes its path into config.json, with the lease and its address
 * as annotations, so that `runc state` and `ctr container info` show them. What the spec's own annotations ask for goes
 * before what the request asks for. A spec that shares the host's network, has a path of somebody else's or asks to be
 * skipped passes through untouched; a path that an earlier patch left behind is replaced. The same request again gets the
 * same lease, and `existing`. Throws what acquire and patch throw; then nothing new is held.
 */
export async function leaseBundle(
  service: PoolService,
  request: Request,
  dns?: Pick<LeaseDns, 'filesFor'>,
): Promise<Answer<'patched'>> {
  using bundle = readBundle(request.bundle);
  refuseForeign(bundle, request.peer?.uid ?? 0);
  const annotations = bundle.spec.annotations ?? {};
  if (isSkipped(bundle)) return passthrough(`${ANNOTATION.skip} says so`);
  const path = networkPath(bundle);
  if (path === undefined) return passthrough("the container shares the host's network");
  const { containerId } = request;
  const marked = annotations[ANNOTATION.lease];
  if (path !== null && marked === undefined) {
    const own = service.leases({ containerId }).find((lease) => lease.netns.path === path);
    return own === undefined ? passthrough(`its network namespace has a path already: ${path}`) : patched(own, true);
  }
  const standing = new Set(service.leases({ containerId }).map(({ id }) => id));
  const pool = annotations[ANNOTATION.pool] ?? request.pool;
  const tenant = annotations[ANNOTATION.tenant] ?? request.tenant;
  const [lease] = await service.acquire({
    pool,
    containerId,
    tenant,
    trust: readTrust(bundle.spec).privileged ? 'privileged' : 'unprivileged',
    forContainer: true,
    waitSeconds: request.wait,
    signal: request.signal,
  });
  if (lease === undefined) return passthrough('no lease was made');
  const existing = standing.has(lease.id);
  if (existing && path === lease.netns.path) return patched(lease, true);
  try {
    const files = dns?.filesFor({ bundle, lease, asked: request.dns });
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
  return patched(lease, existing);
}

/** Whether the spec asks to be left alone. */
export function isSkipped({ spec }: Bundle): boolean {
  return ['true', '1'].includes(spec.annotations?.[ANNOTATION.skip] ?? '');
}

/**
 * The daemon may do what its clients may not: a member of the socket's group has only bundles of its own looked at.
 * Throws `bundle_invalid`.
 */
export function refuseForeign(bundle: Bundle, uid: number): void {
  if (uid === 0 || uid === process.geteuid?.() || bundle.owners.every((owner) => owner === uid)) return;
  const message = `${bundle.specPath} is not user ${uid}'s: its folder and itself have to be, unless root asks`;
  throw new NetnsdError('bundle_invalid', message, { details: { bundle: bundle.path, uid } });
}

/** Undefined where the container shares the host's network, null where its namespace has no path. */
export function networkPath(bundle: Bundle): string | null | undefined {
  try {
    return findNetworkNamespace(bundle).path;
  } catch (error) {
    if (hasCode(error, 'bundle_host_network')) return undefined;
    throw error;
  }
}

function passthrough(reason: string): Answer<never> {
  return { action: 'passthrough', reason };
}

function patched(lease: Lease, existing: boolean): Answer<'patched'> {
  return { action: 'patched', existing, lease };
}
