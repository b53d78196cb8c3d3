/** Every key of the configuration file, by table. */
export { parseRoute } from './container-keys.js';
export { DNS_KEYS } from './dns-keys.js';
export type { Key } from './key.js';
export {
  DEFAULT_SUBNET,
  POOL_KEYS,
  POOL_NAME,
  POOL_NAME_ALLOWED,
} from './pool-keys.js';
export { sysctlKey, sysctlNameProblem } from './sysctl-key.js';
export { TOP_KEYS } from './top-keys.js';
export { parseContainerPort, parsePortRange, parseRate } from './values.js';
