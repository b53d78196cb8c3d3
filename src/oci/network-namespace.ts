import { NetnsdError } from '../errors.js';
import type { Bundle } from './bundle.js';

const TYPE = 'network';

/** The index of the network namespace in `linux.namespaces`, and its path or null. */
export interface NetworkNamespace {
  readonly index: number;
  readonly path: string | null;
}

/**
 * Finds the entry of type `network`. Throws `bundle_host_network` if there is none (the container shares the host's
 * network), and `bundle_invalid` if there are two.
 */
export function findNetworkNamespace(bundle: Bundle): NetworkNamespace {
  const { namespaces } = bundle.spec.linux;
  const found = namespaces.flatMap(({ type, path }, index) => (type === TYPE ? [{ index, path: path || null }] : []));
  const [first, second] = found;
  if (first === undefined) {
    const message = `${bundle.specPath} shares the host's network: add {"type": "network"} to linux.namespaces`;
    throw new NetnsdError('bundle_host_network', message, { details: { bundle: bundle.path } });
  }
  if (second !== undefined) {
    const message = `${bundle.specPath} has two namespaces of type network: remove one of them`;
    throw new NetnsdError('bundle_invalid', message, { details: { bundle: bundle.path } });
  }
  return first;
}

/** The same; throws `bundle_path_set` if it has a path. */
export function findUnsetNetworkNamespace(bundle: Bundle): NetworkNamespace {
  const namespace = findNetworkNamespace(bundle);
  if (namespace.path === null) return namespace;
  const message =
    `the network namespace of ${bundle.specPath} already has a path (${namespace.path}): ` +
    'remove "path" from its entry in linux.namespaces to have it set';
  throw new NetnsdError('bundle_path_set', message, { details: { bundle: bundle.path, path: namespace.path } });
}

/**
 * Throws `bundle_invalid` for a container with a user namespace: the kernel lets it neither mount sysfs for a network namespace of the
 * host's (fs/sysfs/mount.c) nor change its interface. By hooks it works: the runtime makes the namespace in the container's own.
 */
export function refuseUserNamespace({ path, spec, specPath }: Bundle): void {
  if (!spec.linux.namespaces.some(({ type }) => type === 'user')) return;
  const message =
    `${specPath} has a user namespace, and a leased network namespace belongs to the host's: ` +
    'give this container its network by OCI hooks (`netnsd oci hooks`)';
  throw new NetnsdError('bundle_invalid', message, { details: { bundle: path } });
}
