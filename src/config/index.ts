export { describePool, describeTop, type Setting } from './describe.js';
export { renderKeyTable } from './markdown.js';
export { defaultPool } from './pools.js';
export { CONFIG_FILE, readConfig } from './read.js';
export type { Config, PoolConfig } from './types.js';
