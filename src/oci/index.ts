export { Bundle, readBundle } from './bundle.js';
export {
  findNetworkNamespace,
  findUnsetNetworkNamespace,
  type NetworkNamespace,
  refuseUserNamespace,
} from './network-namespace.js';
export { patchBundle } from './patch.js';
export { isHostName, type ResolverFiles, renderHosts, renderResolvConf } from './resolver-files.js';
export type { Spec } from './spec.js';
export { readTrust, type Trust } from './trust.js';
