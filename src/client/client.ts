import type {
  ApiAcquire,
  ApiDnsFiles,
  ApiEndpoint,
  ApiLease,
  ApiLeaseList,
  ApiLeaseQuery,
  ApiPatchBundle,
  ApiPatchedBundle,
  ApiPoolDetails,
  ApiPoolList,
  ApiPoolStatus,
  ApiReconciliation,
  ApiReload,
  ApiRenew,
  ApiResize,
  ApiStatus,
} from '../api/schemas/index.js';
import type { PoolEvent } from '../pool/service.js';
import { type Call, Connection } from './connection.js';
import { readEvents } from './event-stream.js';
import { parseAnswer } from './failure.js';
import type { Cancellable, ClientOptions, SingleAcquire } from './options.js';
import { takeFromShelf } from './shelf.js';

export const DEFAULT_SOCKET = '/run/netnsd/netnsd.sock';
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_REACH_MS = 10_000;

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
  readonly #socketPath: string;
  readonly #timeoutMs: number;

  constructor(options: ClientOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#socketPath = options.socketPath ?? DEFAULT_SOCKET;
    this.#connection = new Connection({
      socketPath: this.#socketPath,
      timeoutMs: this.#timeoutMs,
      reachMs: options.reachMs ?? DEFAULT_REACH_MS,
    });
  }

  /**
   * Leases one endpoint: from the shelf if this user may take from it, which works while the daemon restarts, otherwise over
   * the socket. Repeated with the same containerId, it returns the same lease. Throws `pool_exhausted`,
   * `lease_conflict`, `pool_not_found`, `build_failed` and others.
   *
   * @example
   * const lease = await client.acquire({ containerId: 'job-17', wait: 2, ttl: 600 });
   */
  async acquire(request: SingleAcquire = {}, options: Cancellable = {}): Promise<ApiLease> {
    options.signal?.throwIfAborted();
    const taken = takeFromShelf(this.#socketPath, request);
    if (taken !== undefined) return taken;
    const idempotent = request.containerId !== undefined;
    const timeoutMs = this.#timeoutWith(request.wait);
    return this.#json('POST', '/v1/leases', { body: request, timeoutMs, idempotent, ...options });
  }

  /** Leases `count` endpoints, all or none. */
  async acquireMany(
    request: ApiAcquire & { count: number },
    options: { signal?: AbortSignal } = {},
  ): Promise<ApiLease[]> {
    const { leases } = await this.#json<ApiLeaseList>('POST', '/v1/leases', {
      body: request,
      timeoutMs: this.#timeoutWith(request.wait),
      ...options,
    });
    return leases;
  }

  /**
   * Releases a lease; one that has ended is no error. Throws `lease_in_use` if a process is inside, unless forced: then the
   * endpoint is replaced once it is empty.
   *
   * @example
   * await client.release(lease.id);
   */
  async release(leaseId: string, options: { force?: boolean } = {}): Promise<void> {
    const path = `/v1/leases/${encodeURIComponent(leaseId)}${forced(options)}`;
    await this.#connection.call('DELETE', path, { idempotent: true });
  }

  /**
   * Sets the time limit of a lease, from now. Throws `lease_not_found`.
   *
   * @example
   * const { expiresAt } = await client.renew(lease.id, { ttl: 600 });
   */
  async renew(leaseId: string, terms: ApiRenew): Promise<ApiLease> {
    return this.#json('PATCH', `/v1/leases/${encodeURIComponent(leaseId)}`, { body: terms, idempotent: true });
  }

  /** Releases the leases of a container, in every pool; none is no error. */
  async releaseContainer(containerId: string, options: { force?: boolean } = {}): Promise<void> {
    const path = `/v1/containers/${encodeURIComponent(containerId)}/lease${forced(options)}`;
    await this.#connection.call('DELETE', path, { idempotent: true });
  }

  /** One lease. Throws `lease_not_found`. */
  async lease(leaseId: string): Promise<ApiLease> {
    return this.#json('GET', `/v1/leases/${encodeURIComponent(leaseId)}`);
  }

  /**
   * All leases, or those that match the filter, oldest first.
   *
   * @example
   * const [lease] = await client.leases({ containerId: 'job-17' });
   */
  async leases(filter: ApiLeaseQuery = {}): Promise<ApiLease[]> {
    const query = new URLSearchParams(
      Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const { leases } = await this.#json<ApiLeaseList>('GET', query.size > 0 ? `/v1/leases?${query}` : '/v1/leases');
    return leases;
  }

  /**
   * One endpoint, present or replaced lately. Throws `endpoint_not_found`.
   *
   * @example
   * const { state, replaced } = await client.endpoint('default-17');
   */
  async endpoint(id: string): Promise<ApiEndpoint> {
    return this.#json('GET', `/v1/endpoints/${encodeURIComponent(id)}`);
  }

  /** Every pool, in the order of the configuration. */
  async pools(): Promise<ApiPoolStatus[]> {
    return (await this.#json<ApiPoolList>('GET', '/v1/pools')).pools;
  }

  /** One pool, with its settings. Throws `pool_not_found`. */
  async pool(name: string): Promise<ApiPoolDetails> {
    return this.#json('GET', `/v1/pools/${encodeURIComponent(name)}`);
  }

  /**
   * Changes the size of a running pool. Throws `pool_not_found`, and `bad_request` for a size that is not possible.
   *
   * @example
   * await client.resizePool('default', { minReady: 200 });
   */
  async resizePool(name: string, change: ApiResize): Promise<ApiPoolStatus> {
    return this.#json('PATCH', `/v1/pools/${encodeURIComponent(name)}`, { body: change, idempotent: true });
  }

  /** The daemon and its pools, once it has started. */
  async status(): Promise<ApiStatus> {
    const status = await this.#json<ApiStatus>('GET', '/v1/status');
    if (!status.starting) return status;
    // Answered when it has.
    await this.pools();
    return this.#json('GET', '/v1/status');
  }

  /**
   * Leases an endpoint for a container and has the daemon write its path into the bundle's config.json.
   *
   * @example
   * const { action, lease } = await client.patchBundle({ bundle: '/run/bundles/job-17', containerId: 'job-17' });
   */
  async patchBundle(request: ApiPatchBundle, options: Cancellable = {}): Promise<ApiPatchedBundle> {
    const timeoutMs = this.#timeoutWith(request.wait);
    return this.#json('POST', '/v1/oci/patch', { body: request, timeoutMs, ...options });
  }

  /**
   * Has the daemon write a lease's DNS settings as files to mount into its container. They are removed when the lease
   * ends. Throws `lease_not_found`.
   *
   * @example
   * const { hosts, resolvConf } = await client.dnsFiles(lease.id, { hostname: 'web-1' });
   */
  async dnsFiles(leaseId: string, names: { hostname?: string | undefined } = {}): Promise<ApiDnsFiles> {
    const path = `/v1/leases/${encodeURIComponent(leaseId)}/dns-files`;
    return this.#json('PUT', path, { body: names, idempotent: true });
  }

  /**
   * Has the daemon compare records, kernel and processes, and with `fix` repair the difference.
   *
   * @example
   * const { findings } = await client.reconcile({ fix: true });
   */
  async reconcile(request: { fix?: boolean } = {}): Promise<ApiReconciliation> {
    return this.#json('POST', '/v1/reconcile', { body: request });
  }

  /** Has the daemon read its configuration again. Throws `config_invalid` and `subnet_overlap`: nothing is changed then. */
  async reload(): Promise<ApiReload> {
    return this.#json('POST', '/v1/reload', { idempotent: true });
  }

  /** Resolves if the daemon answers. */
  async health(): Promise<void> {
    await this.#connection.call('GET', '/healthz', { idempotent: true });
  }

  /** Metrics in the Prometheus text format. */
  metrics(): Promise<string> {
    return this.#connection.call('GET', '/metrics', { idempotent: true });
  }

  /**
   * Changes of state from now on. Ends when the loop is left, when the signal is aborted (which throws its reason), or when
   * the daemon closes the stream.
   *
   * @example
   * for await (const { type, endpoint } of client.events()) console.log(type, endpoint);
   */
  async *events(options: Cancellable = {}): AsyncGenerator<PoolEvent, void, undefined> {
    yield* this.#connection.stream('GET', '/v1/events', { idempotent: true, ...options }, readEvents);
  }

  /** Closes the connections; pending requests fail. */
  close(): void {
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    return parseAnswer<T>(await this.#connection.call(method, path, { idempotent: method === 'GET', ...call }));
  }

  #timeoutWith(waitSeconds = 0): number {
    return this.#timeoutMs === 0 ? 0 : this.#timeoutMs + waitSeconds * 1000;
  }
}

function forced({ force }: { force?: boolean }): string {
  return force === true ? '?force=true' : '';
}
