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
  /** The bundle had the path of this container's lease already. */
  readonly isRepeat: boolean;
}

/**
 * Leases a namespace for the container and writes its path into the bundle. The bundle is read and checked before
 * anything is leased; if the write fails, a lease that was made for it is given back.
 */
export async function patch(client: Client, path: string, options: PatchOptions): Promise<Patched> {
  // Only this command pays for loading the room.
  const { findUnsetNetworkNamespace, patchBundle, readBundle, readTrust } = await import('../oci/index.js');
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
  const standing = await client.leases({ pool, containerId });
  const trust = readTrust(bundle.spec).privileged ? 'privileged' : 'unprivileged';
  const lease = await client.acquire({ pool, containerId, tenant, trust, forContainer: true });
  const isNew = standing.every(({ id }) => id !== lease.id);
  try {
    const files = options.dns ? { files: await dnsFiles(client, lease, bundle.spec.hostname) } : {};
    patchBundle({ bundle, netnsPath: lease.netns.path, ...files });
  } catch (error) {
    if (isNew) await giveBack(client, lease, toNetnsdError(error));
    throw error;
  }
  return { lease, specPath, isRepeat: false };
}

/** A spec's host name that could not be one in a hosts file is left out of it. */
async function dnsFiles(client: Client, lease: Lease, hostname: string | undefined) {
  const { isHostName } = await import('../oci/index.js');
  return client.dnsFiles(lease.id, isHostName(hostname) ? { hostname } : {});
}

/** The container's lease whose namespace has this path; none also where the daemon does not answer. */
async function leaseAt(
  client: Client,
  wanted: { containerId: string; pool: string | undefined; path: unknown },
): Promise<Lease | undefined> {
  const { containerId, pool, path } = wanted;
  try {
    return (await client.leases({ containerId, pool })).find(({ netns }) => netns.path === path);
  } catch (error) {
    // That the path is set is the better news: with a daemon that runs, the bundle would be refused as well.
    if (hasCode(error, 'daemon_unreachable')) return undefined;
    throw error;
  }
}

async function giveBack(client: Client, lease: Lease, failure: NetnsdError): Promise<void> {
  try {
    await client.release(lease.id, { force: true });
  } catch (error) {
    const message = `${failure.message}; and lease ${lease.id} stays (${toNetnsdError(error).message}): netnsd release ${lease.id}`;
    throw new NetnsdError(failure.code, message, { details: failure.details, cause: failure });
  }
}
