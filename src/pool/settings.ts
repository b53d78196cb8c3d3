/** The settings of a pool that the pool itself follows. */
export interface PoolSettings {
  readonly name: string;
  readonly minReady: number;
  readonly max: number;
  /** How many addresses the subnet has for endpoints; at least `max`. */
  readonly capacity: number;
  /** How many endpoints one request to the kernel thread may build: bounds how long a cold build waits behind a refill. */
  readonly buildBatch: number;
  /** Seconds before the address of a destroyed endpoint is reused, if the endpoint was leased; 0: none. */
  readonly addressCooldownSeconds: number;
  readonly recycle: RecycleMode;
  /** How an endpoint is verified whose container's spec is not known. */
  readonly unknownSpec: UnknownSpec;
  /** `fixed`: `minReady` endpoints are kept ready. `demand`: at least so many; recent demand says how many. */
  readonly sizing: 'demand' | 'fixed';
  /** `tenant`: endpoints reach those of their tenant alone, which the kernel is to be told of at an acquire. Absent: `none`. */
  readonly isolation?: 'none' | 'tenant' | 'full';
  /** No longer configured: it leases nothing, and ends with what it has. */
  readonly retired?: boolean;
  /** With `demand`: how long a burst counts in full; an idle endpoint above the target is kept for a tenth of it. */
  readonly idleSeconds: number;
}

/** What happens to released endpoints: verified and reused, replaced by new ones, or reused without a check. */
export const RECYCLE_MODES = ['verify', 'replace', 'reuse'] as const;
export type RecycleMode = (typeof RECYCLE_MODES)[number];
export const UNKNOWN_SPECS = ['proof', 'seal', 'replace'] as const;
export type UnknownSpec = (typeof UNKNOWN_SPECS)[number];
