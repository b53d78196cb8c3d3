import type {
  ApiAcquire,
  ApiLease,
  ApiLeaseList,
  ApiLeaseQuery,
  ApiPatchBundle,
  ApiPatchedBundle,
  ApiPoolList,
  ApiPoolStatus,
  ApiResize,
  ApiStatus,
} from '../api/schemas.js';
import type { PoolEvent } from '../pool/service.js';
import { Connection } from './connection.js';
import { readEvents } from './event-stream.js';

export interface ClientOptions {
  /** Default: `/run/netnsd/netnsd.sock`. */
  readonly socketPath?: string;
  /** How long an answer may take, in milliseconds, beyond what `wait` asks for; default 30 000. */
  readonly timeoutMs?: number;
}

export const DEFAULT_SOCKET = '/run/netnsd/netnsd.sock';
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * The daemon's API, typed. Every method throws a NetnsdError: the daemon's own code, or `daemon_unreachable`.
 *
 * @example
 * await using client = new NetnsdClient();
 * const lease = await client.acquire({ containerId: 'job-17' });
 * console.log(lease.netns.path);
 * await client.release(lease.id);
 */
export class NetnsdClient {
  readonly #connection: Connection;
  readonly #timeoutMs: number;

  constructor(options: ClientOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#connection = new Connection(options.socketPath ?? DEFAULT_SOCKET, this.#timeoutMs);
  }

  /** Leases one endpoint. The same containerId again gets the lease that stands. */
  async acquire(request: Omit<ApiAcquire, 'count'> = {}, options: { signal?: AbortSignal } = {}): Promise<ApiLease> {
    return this.#json('POST', '/v1/leases', { body: request, timeoutMs: this.#patience(request.wait), ...options });
  }

  /** Leases `count` endpoints, all or nothing. */
  async acquireMany(
    request: ApiAcquire & { count: number },
    options: { signal?: AbortSignal } = {},
  ): Promise<ApiLease[]> {
    const { leases } = await this.#json<ApiLeaseList>('POST', '/v1/leases', {
      body: request,
      timeoutMs: this.#patience(request.wait),
      ...options,
    });
    return leases;
  }

  /** Ends a lease; a lease that has ended is no error. */
  async release(leaseId: string): Promise<void> {
    await this.#connection.call('DELETE', `/v1/leases/${encodeURIComponent(leaseId)}`);
  }

  /** Ends whatever a container holds, in every pool; nothing is no error. */
  async releaseContainer(containerId: string): Promise<void> {
    await this.#connection.call('DELETE', `/v1/containers/${encodeURIComponent(containerId)}/lease`);
  }

  async lease(leaseId: string): Promise<ApiLease> {
    return this.#json('GET', `/v1/leases/${encodeURIComponent(leaseId)}`);
  }

  async leases(filter: ApiLeaseQuery = {}): Promise<ApiLease[]> {
    const query = new URLSearchParams(
      Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const { leases } = await this.#json<ApiLeaseList>('GET', query.size > 0 ? `/v1/leases?${query}` : '/v1/leases');
    return leases;
  }

  async pools(): Promise<ApiPoolStatus[]> {
    return (await this.#json<ApiPoolList>('GET', '/v1/pools')).pools;
  }

  async pool(name: string): Promise<ApiPoolStatus> {
    return this.#json('GET', `/v1/pools/${encodeURIComponent(name)}`);
  }

  async resizePool(name: string, change: ApiResize): Promise<ApiPoolStatus> {
    return this.#json('PATCH', `/v1/pools/${encodeURIComponent(name)}`, { body: change });
  }

  async status(): Promise<ApiStatus> {
    return this.#json('GET', '/v1/status');
  }

  /** Leases an endpoint for a container and has the daemon write its path into the bundle's config.json. */
  async patchBundle(request: ApiPatchBundle): Promise<ApiPatchedBundle> {
    return this.#json('POST', '/v1/oci/patch', { body: request, timeoutMs: this.#patience(request.wait) });
  }

  /** Resolves when the daemon answers. */
  async health(): Promise<void> {
    await this.#connection.call('GET', '/healthz');
  }

  /** Metrics in the Prometheus text format. */
  metrics(): Promise<string> {
    return this.#connection.call('GET', '/metrics');
  }

  /** Changes of state from now on, until the signal is aborted or the daemon ends. */
  async *events(options: { signal?: AbortSignal } = {}): AsyncGenerator<PoolEvent> {
    yield* readEvents(await this.#connection.open('GET', '/v1/events', { timeoutMs: 0, ...options }));
  }

  /** Closes the kept connections. */
  close(): void {
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #json<T>(
    method: string,
    path: string,
    options: { body?: unknown; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    return JSON.parse(await this.#connection.call(method, path, options)) as T;
  }

  #patience(waitSeconds = 0): number {
    return this.#timeoutMs + waitSeconds * 1000;
  }
}
