import type { EndpointRecord, Trust } from './types.js';

/**
 * Ready endpoints laid out for containers to take without asking anybody, and what became of them. Whoever takes one says
 * so by taking it; the daemon hears of that later. Implemented on a folder of the state directory (`FileShelf`).
 */
export interface Shelf {
  /** Lays a ready endpoint out; the token of this offer, which no other ever has. Null where that cannot be done. */
  offer(record: EndpointRecord): string | null;
  /** Takes an offer back; false where a container was quicker. */
  withdraw(pool: string, token: string): boolean;
  /** Whether an offer lies there still; true where that cannot be told. */
  lies(pool: string, token: string): boolean;
  /** Whether the last `collect` saw all there was: what it could not read it tells later. */
  readonly sawAll: boolean;
  /** What was taken and given back since the last call, in an order in which it can have happened. */
  collect(): ShelfNews[];
  /** What is told of these containers' leases is recorded elsewhere now. */
  settle(containerIds: readonly string[]): void;
  /** Whoever starts this container from now on has to ask: it holds a lease. */
  hold(containerId: string): void;
  /** It holds none any more. */
  letGo(containerId: string): void;
}

/** One container that took an offer, gave back what it had taken, or both. */
export interface ShelfNews {
  readonly containerId: string;
  readonly token: string;
  /** The id of the lease, as the taker chose it and wrote it into its container's spec. */
  readonly leaseId: string;
  readonly trust: Trust;
  /** When it was taken, in milliseconds since the epoch. */
  readonly takenAtMs: number;
  /** The process that took it, for the log; 0: not known. */
  readonly pid: number;
  /** False: only taken so far. */
  readonly returned: boolean;
}

/** Offers are for this tenant: whoever serves another one asks the daemon. */
export const SHELF_TENANT = 'default';
