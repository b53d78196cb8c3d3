import { hasCode, NetnsdError, toNetnsdError } from '../errors.js';
import type { Lease } from '../pool/types.js';
import type { Client } from './dependencies.js';
import type { PathOptions } from './paths.js';

export interface PatchOptions extends PathOptions {
  readonly id: string;
  readonly pool?: string;
  readonly tenant?: string;
  /** Mount files of the lease's DNS settings. */
  readonly dns?: true;
}

export interface Patched {
  readonly lease: Lease;
  readonly specPath: string;
  /** The bundle already had the path of this container's lease. */
  readonly isRepeat: boolean;
}

/**
 * Leases a namespace for the container and writes its path into the bundle. The bundle is read and checked before
 * anything is leased; if the write fails, a new lease is released.
 */
export async function patch(client: Client, path: string, options: PatchOptions): Promise<Patched> {
  // Loaded by this command only.
  const { findUnsetNetworkNamespace, patchBundle, readBundle, readTrust, refuseUserNamespace } = await import(
    '../oci/index.js'
  );
  const { id: containerId, pool, tenant } = options;
  using bundle = readBundle(path);
  const { specPath } = bundle;
  try {
    findUnsetNetworkNamespace(bundle);
  } catch (error) {
    const lease =
      hasCode(error, 'bundle_path_set') && (await leaseAt(client, { containerId, pool, path: error.details.path }));
    if (!lease) throw error;
    return { lease, specPath, isRepeat: true };
  }
  refuseUserNamespace(bundle);
  const held = await client.leases({ pool, containerId });
  const trust = readTrust(bundle.spec).privileged ? 'privileged' : 'unprivileged';
  const lease = await client.acquire({ pool, containerId, tenant, trust, forContainer: true });
  const isNew = held.every(({ id }) => id !== lease.id);
  try {
    const files = options.dns ? { files: await dnsFiles(client, lease, bundle.spec.hostname) } : {};
    patchBundle({ bundle, netnsPath: lease.netns.path, ...files });
  } catch (error) {
    if (isNew) await release(client, lease, toNetnsdError(error));
    throw error;
  }
  return { lease, specPath, isRepeat: false };
}

/** The spec's host name is left out if a hosts file cannot contain it. */
async function dnsFiles(client: Client, lease: Lease, hostname: string | undefined) {
  const { isHostName } = await import('../oci/index.js');
  return client.dnsFiles(lease.id, isHostName(hostname) ? { hostname } : {});
}

/** The container's lease whose namespace has this path; undefined also if no daemon answers. */
async function leaseAt(
  client: Client,
  wanted: { containerId: string; pool: string | undefined; path: unknown },
): Promise<Lease | undefined> {
  const { containerId, pool, path } = wanted;
  try {
    return (await client.leases({ containerId, pool })).find(({ netns }) => netns.path === path);
  } catch (error) {
    // The caller reports that the path is set: with a daemon, the bundle would be refused for that as well.
    if (hasCode(error, 'daemon_unreachable')) return undefined;
    throw error;
  }
}

async function release(client: Client, lease: Lease, failure: NetnsdError): Promise<void> {
  try {
    await client.release(lease.id, { force: true });
  } catch (error) {
    const message = `${failure.message}; lease ${lease.id} could not be released (${toNetnsdError(error).message}): run \`netnsd release ${lease.id}\``;
    throw new NetnsdError(failure.code, message, { details: failure.details, cause: failure });
  }
}
