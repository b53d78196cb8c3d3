import { NetnsdError } from '../errors.js';
import type { Bundle } from './bundle.js';

const TYPE = 'network';

/** The place of the network namespace in `linux.namespaces`, and the path it has already. */
export interface NetworkNamespace {
  readonly index: number;
  readonly path: string | null;
}

/**
 * Finds the entry of type `network`. Throws `bundle_host_network` where there is none, for the container then shares the
 * host's network, and `bundle_invalid` where there are two.
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

/** The same, and throws `bundle_path_set` where it has a path: somebody else decided on the network. */
export function findUnsetNetworkNamespace(bundle: Bundle): NetworkNamespace {
  const namespace = findNetworkNamespace(bundle);
  if (namespace.path === null) return namespace;
  const message =
    `the network namespace of ${bundle.specPath} has a path already (${namespace.path}): ` +
    'remove "path" from its entry in linux.namespaces to have it set';
  throw new NetnsdError('bundle_path_set', message, { details: { bundle: bundle.path, path: namespace.path } });
}
