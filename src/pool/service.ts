import type { EndpointStatus } from './events/endpoint-status.js';
import type { PoolStatus } from './status.js';
import type { Lease, Trust } from './types.js';

/** One acquire. */
export interface AcquireRequest {
  /** Default: the pool named `default`, or the only one. Throws `pool_not_found`. */
  readonly pool?: string | undefined;
  /** Acquire is idempotent by (pool, containerId): a second one returns the lease of the first. */
  readonly containerId?: string | undefined;
  /** Default: `default`. A containerId that has a lease of another tenant throws `lease_conflict`. */
  readonly tenant?: string | undefined;
  /** What the container may do; default: unknown. */
  readonly trust?: Trust | undefined;
  /** Whether the lease ends with the container for which it is made. Default: it lasts until it is released. */
  readonly forContainer?: boolean | undefined;
  /** An address of the pool that the endpoint is to have. Throws `bad_request` for any other, and `address_in_use`. */
  readonly address?: string | undefined;
  /** The MAC that it is to have. Throws as for `address`. */
  readonly mac?: string | undefined;
  /** All or nothing; default 1. More than one with a containerId is `bad_request`. */
  readonly count?: number | undefined;
  /** Seconds to wait for an endpoint when the pool is at its max; default 0: `pool_exhausted` at once. */
  readonly waitSeconds?: number | undefined;
  /** Seconds until the lease ends by itself; default: never. */
  readonly ttlSeconds?: number | undefined;
  /** The process with whose end the lease ends, by its id in the daemon's PID namespace. Throws `process_gone`. */
  readonly pid?: number | undefined;
  /** Aborted when the client disconnects: then nothing is leased. */
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

/** What the API needs of the pools; implemented by `Pools`. All errors are NetnsdErrors. */
export interface PoolService {
  /** Resolves with as many leases as were asked for. Warm ones are leased and recorded before it returns its promise. */
  acquire(request: AcquireRequest): Promise<Lease[]>;
  /**
   * Idempotent: false when there is no such lease (any more). The endpoint is recycled in the background; while a process is
   * inside, it is kept, and then replaced.
   */
  release(leaseId: string): boolean;
  /**
   * Makes a lease last `ttlSeconds` from now on, whatever it had; recorded when this returns. Throws `lease_not_found`,
   * `bad_request`, `state_write_failed` and `shutting_down`.
   */
  renew(leaseId: string, ttlSeconds: number): Lease;
  /** Ids of the processes inside the endpoints of these leases; [] for a lease that does not exist (any more). */
  occupants(leaseIds: readonly string[]): Promise<number[][]>;
  lease(leaseId: string): Lease | undefined;
  leases(filter: LeaseFilter): Lease[];
  status(): PoolStatus[];
  poolStatus(name: string): PoolStatus | undefined;
  /** An endpoint, also one that is gone, as far as it is remembered. */
  endpoint(id: string): EndpointStatus | undefined;
  /** Changes the two numbers of a running pool; throws `pool_not_found`, `bad_request` (min_ready > max, max > capacity). */
  resize(name: string, change: { minReady?: number | undefined; max?: number | undefined }): PoolStatus;
  /** Calls `listener` at each event until the returned function is called. */
  subscribe(listener: (event: PoolEvent) => void): () => void;
}
