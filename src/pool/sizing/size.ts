import { NetnsdError } from '../../errors.js';

/** How many endpoints are kept ready, and how many may exist. */
export interface PoolSize {
  readonly minReady: number;
  readonly max: number;
}

/** Throws `bad_request` for an impossible size: not whole numbers, minReady above max, max above the subnet. */
export function assertSize(pool: string, size: PoolSize, capacity: number): void {
  const { minReady, max } = size;
  if (!Number.isSafeInteger(minReady) || minReady < 0) {
    throw badSize(pool, `min_ready is a whole number from 0 on, not ${minReady}`);
  }
  if (!Number.isSafeInteger(max) || max < 1) throw badSize(pool, `max is a whole number from 1 on, not ${max}`);
  if (minReady > max) throw badSize(pool, `min_ready (${minReady}) is more than max (${max})`);
  if (max > capacity) throw badSize(pool, `max (${max}) is more than the ${capacity} addresses of its subnet`);
}

function badSize(pool: string, what: string): NetnsdError {
  return new NetnsdError('bad_request', `pool ${pool}: ${what}`, { details: { pool } });
}
