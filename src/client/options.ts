import type { ApiAcquire } from '../api/schemas/index.js';

export interface ClientOptions {
  /** Default: `/run/netnsd/netnsd.sock`. */
  readonly socketPath?: string;
  /** The time limit of a request in milliseconds, to which `wait` is added. 0: none. Default: 30 000. */
  readonly timeoutMs?: number;
  /**
   * How long to retry while no daemon listens, as during a restart, in milliseconds. Without the folder of the socket there is
   * no retry. Default: 10 000.
   */
  readonly reachMs?: number;
}

/** The request for one lease. */
export type SingleAcquire = Omit<ApiAcquire, 'count'>;
/** The request for several leases, which have no container id. */
export type ManyAcquire = Omit<ApiAcquire, 'containerId' | 'count'> & { readonly count: number };

export interface Cancellable {
  /** Aborting it rejects the request with its reason; nothing stays leased. */
  readonly signal?: AbortSignal;
}
