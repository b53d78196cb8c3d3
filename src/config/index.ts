export { renderKeyTable } from './markdown.js';
export { CONFIG_FILE, readConfig } from './read.js';
export type { Config, PoolConfig } from './types.js';
