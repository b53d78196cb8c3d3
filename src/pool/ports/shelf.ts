import type { BoundProcess, EndpointRecord, LeaseTerms, Trust } from '../types.js';

/**
 * Ready endpoints laid out for clients to take by a rename, and what became of them. The daemon enters what was taken later.
 * Implemented on a folder of the state directory (`FileShelf`).
 */
export interface Shelf {
  /** Lays a ready endpoint out; the token of this offer, which no other ever has. Null where that cannot be done. */
  offer(record: EndpointRecord): string | null;
  /** The token under which an earlier daemon laid this endpoint out; null where it did not. Each is told once. */
  adopt(record: EndpointRecord): string | null;
  /** Takes an offer back; false where a client was quicker. */
  withdraw(token: string): boolean;
  /** Whether an offer still lies there; true where that cannot be told. */
  isOffered(token: string): boolean;
  /** Whether the last `collect` saw all there was: what it could not read it tells later. */
  readonly sawAll: boolean;
  /** What was taken and given back since the last call, in an order in which it can have happened. */
  collect(): ShelfNews[];
  /** The leases of these keys (see `shelfKey`) are recorded elsewhere now. */
  setRecorded(keys: readonly string[]): void;
  /** This container holds a lease: its next acquire has to go to the daemon. */
  mark(containerId: string): void;
  /** It holds another one besides: what it took from the shelf is not all that there is to be released. */
  markSeveral(containerId: string): void;
  /** The lease of this key has ended, and its container holds no other one. */
  end(key: string): void;
}

/** What the taker of an offer says about its lease. */
export interface TakenLease {
  /** As the taker chose it. */
  readonly leaseId: string;
  /** Null: the lease is no container's. */
  readonly containerId: string | null;
  readonly tenant: string;
  readonly trust: Trust;
  /** When it was taken, in milliseconds since the epoch. */
  readonly takenAtMs: number;
  /** How long it lasts from then on; null: until it is released. */
  readonly ttlMs: number | null;
  /** With whose end it ends; null: with no process. */
  readonly process: BoundProcess | null;
  /** Whether it was made for a container that is about to start, and ends if none comes. */
  readonly forContainer: boolean;
}

/** An offer that was taken, what was taken given back, or both. */
export interface ShelfNews extends TakenLease {
  readonly key: string;
  readonly token: string;
  /** The process that took it and its user, for the log; null: not known. */
  readonly taker: { readonly pid: number; readonly uid: number; readonly gid: number } | null;
  /** False: only taken so far. */
  readonly returned: boolean;
}

/** How a lease is called on the shelf: by its container, or by itself. No container's id begins with an `@`. */
export function shelfKey(lease: { readonly id: string; readonly containerId: string | null }): string {
  return lease.containerId ?? `@${lease.id}`;
}

/** The terms of a lease that was taken from the shelf. */
export function takenTerms(taken: TakenLease): LeaseTerms {
  const { leaseId, containerId, tenant, trust, takenAtMs, ttlMs, process, forContainer } = taken;
  return {
    id: leaseId,
    containerId,
    tenant,
    trust,
    source: 'warm',
    acquiredAt: new Date(takenAtMs).toISOString(),
    expiresAt: ttlMs === null ? null : new Date(takenAtMs + ttlMs).toISOString(),
    ...(process === null ? {} : { process }),
    ...(forContainer ? { container: 'awaited' } : {}),
  };
}
