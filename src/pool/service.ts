import type { EndpointStatus } from './endpoint-status.js';
import type { Lease, PoolStatus, Trust } from './types.js';

/** What the API asks of the pools; implemented by `Pools`. All errors are NetnsdErrors. */
export interface AcquireRequest {
  /** Default: the pool named `default`, or the only one. Throws `pool_not_found`. */
  readonly pool?: string | undefined;
  /** Acquire is idempotent by (pool, containerId): a second one returns the lease that stands. */
  readonly containerId?: string | undefined;
  /** Default: `default`. A containerId that stands under another tenant throws `lease_conflict`. */
  readonly tenant?: string | undefined;
  /** What the container may do; default: unknown. */
  readonly trust?: Trust | undefined;
  /** Whether the lease ends with the container for which it is made. Default: it stays until it is released. */
  readonly forContainer?: boolean | undefined;
  /** All or nothing; default 1. More than one with a containerId is `bad_request`. */
  readonly count?: number | undefined;
  /** Seconds to wait for an endpoint when the pool is at its max; default 0: `pool_exhausted` at once. */
  readonly waitSeconds?: number | undefined;
  /** Seconds until the lease ends by itself; default: never. */
  readonly ttlSeconds?: number | undefined;
  /** A process with whose end the lease ends; its number is that of the daemon's PID namespace. Throws `process_gone`. */
  readonly pid?: number | undefined;
  /** Aborted when the client has gone: what would have been leased goes back. */
  readonly signal?: AbortSignal | undefined;
}

export interface LeaseFilter {
  readonly pool?: string | undefined;
  readonly containerId?: string | undefined;
  readonly tenant?: string | undefined;
}

/** One change of state, as `GET /v1/events` sends it. */
export interface PoolEvent {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly type: 'ready' | 'leased' | 'released' | 'destroyed' | 'broken' | 'build_failed';
  readonly pool: string;
  readonly endpoint: string;
  readonly lease: string | null;
  readonly containerId: string | null;
  readonly reason: string | null;
}

export interface PoolService {
  /** Resolves with one lease an asked endpoint. A warm one is taken without awaiting anything but its record. */
  acquire(request: AcquireRequest): Promise<Lease[]>;
  /**
   * Idempotent: false when there is no such lease (any more). The endpoint is cleaned up behind the caller's back; while a
   * process is inside, it is left alone, and then replaced.
   */
  release(leaseId: string): boolean;
  /**
   * Gives a lease `ttlSeconds` from now on, whatever it had; recorded when this returns. Throws `lease_not_found`,
   * `bad_request`, `state_write_failed` and `shutting_down`.
   */
  renew(leaseId: string, ttlSeconds: number): Lease;
  /** Ids of the processes inside the endpoints of these leases; [] for a lease that there is not (any more). */
  occupants(leaseIds: readonly string[]): Promise<number[][]>;
  lease(leaseId: string): Lease | undefined;
  leases(filter: LeaseFilter): Lease[];
  status(): PoolStatus[];
  poolStatus(name: string): PoolStatus | undefined;
  /** What is known of an endpoint, also of one that was replaced lately; undefined: nothing. */
  endpoint(id: string): EndpointStatus | undefined;
  /** Changes the two numbers of a running pool; throws `pool_not_found`, `bad_request` (min_ready > max, max > capacity). */
  resize(name: string, change: { minReady?: number | undefined; max?: number | undefined }): PoolStatus;
  /** Calls `listener` at each event until the returned function is called. */
  subscribe(listener: (event: PoolEvent) => void): () => void;
}
