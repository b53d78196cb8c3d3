/** Links of rtnetlink(7), one file an act: `ip link add`, `set`, `del`, `show`. */
export * from './link/add.js';
export * from './link/bridge-port.js';
export * from './link/change.js';
export * from './link/delete.js';
export * from './link/dump.js';
export * from './link/get.js';
export { hasNoAutomaticAddresses, type Link, type LinkRef, parseLink, parseLinkIndexes } from './link/link.js';
