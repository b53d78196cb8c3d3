import { DNS_KEYS, type Key, POOL_KEYS, TOP_KEYS } from './keys/index.js';
import type { Config, PoolConfig } from './types.js';

/** The value of a key, as it may be written in the file; null: none. */
export type Setting = string | number | boolean | readonly string[] | null;

/** Every setting of a pool by its key in the file, defaults included. */
export function describePool(pool: PoolConfig): Record<string, Setting> {
  const sysctls = Object.entries(pool.sysctls).map(([name, value]) => [`sysctls.${name}`, value] as const);
  return { ...describe(POOL_KEYS, pool), ...Object.fromEntries(sysctls), ...describe(DNS_KEYS, pool.dns, 'dns.') };
}

/** Every setting at the top of the file. */
export function describeTop(config: Config): Record<string, Setting> {
  return describe(TOP_KEYS, config);
}

function describe(keys: Record<string, Key<unknown>>, values: object, prefix = ''): Record<string, Setting> {
  return Object.fromEntries(
    Object.entries(keys).map(([field, { name, written }]) => {
      const value = (values as Record<string, unknown>)[field] ?? null;
      return [
        `${prefix}${name}`,
        written === undefined || value === null ? (value as Setting) : (written as (kept: unknown) => Setting)(value),
      ];
    }),
  );
}
