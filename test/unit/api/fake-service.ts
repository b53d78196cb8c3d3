import { NetnsdError } from '../../../src/errors.js';
import type { EndpointStatus } from '../../../src/pool/events/endpoint-status.js';
import type { AcquireRequest, LeaseFilter, PoolEvent, PoolService } from '../../../src/pool/service.js';
import type { Lease, PoolStatus } from '../../../src/pool/types.js';

/** Pools in memory: grants at once, or when `open()` is called after `hold()`; keeps what the API is to be tested for. */
export class FakeService implements PoolService {
  readonly activeLeases = new Map<string, Lease>();
  readonly released: string[] = [];
  readonly requests: AcquireRequest[] = [];
  readonly listeners = new Set<(event: PoolEvent) => void>();
  /** Thrown by the next acquires. */
  failure: unknown = null;
  #seq = 0;
  #gate: Promise<void> | null = null;
  #open: () => void = () => {};
  #size = { minReady: 10, max: 100 };

  /** From now on acquires wait. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#gate = null;
    this.#open();
  }

  async acquire(request: AcquireRequest): Promise<Lease[]> {
    this.requests.push(request);
    if (this.failure !== null) throw this.failure;
    const { pool = 'default', containerId = null, tenant = 'default', count = 1, signal } = request;
    if (pool !== 'default') throw new NetnsdError('pool_not_found', `there is no pool ${pool}`);
    if (this.#gate !== null) await Promise.race([this.#gate, leaving(signal)]);
    const held = containerId === null ? undefined : this.leases({ containerId })[0];
    if (held !== undefined) {
      if (held.tenant !== tenant)
        throw new NetnsdError('lease_conflict', `container ${containerId} is ${held.tenant}'s`);
      return [held];
    }
    if (this.activeLeases.size + count > this.#size.max)
      throw new NetnsdError('pool_exhausted', 'pool default has no endpoint left', { details: { pool, max: 100 } });
    const expiresAt = request.ttlSeconds === undefined ? null : new Date(Date.now() + request.ttlSeconds * 1e3);
    const terms = { pool, containerId, tenant, expiresAt: expiresAt?.toISOString() ?? null };
    const leases = Array.from({ length: count }, () => makeLease(++this.#seq, terms));
    for (const lease of leases) this.activeLeases.set(lease.id, lease);
    return leases;
  }

  release(leaseId: string): boolean {
    this.released.push(leaseId);
    return this.activeLeases.delete(leaseId);
  }

  renew(leaseId: string, ttlSeconds: number): Lease {
    const lease = this.activeLeases.get(leaseId);
    if (lease === undefined) throw new NetnsdError('lease_not_found', `there is no lease ${leaseId}`);
    const renewed = { ...lease, expiresAt: new Date(Date.now() + ttlSeconds * 1e3).toISOString() };
    this.activeLeases.set(leaseId, renewed);
    return renewed;
  }

  /** Ids of processes inside, by lease. */
  readonly inside = new Map<string, number[]>();

  async occupants(leaseIds: readonly string[]): Promise<number[][]> {
    return leaseIds.map((id) => this.inside.get(id) ?? []);
  }

  lease(leaseId: string): Lease | undefined {
    return this.activeLeases.get(leaseId);
  }

  leases(filter: LeaseFilter): Lease[] {
    return [...this.activeLeases.values()].filter((lease) =>
      (['pool', 'containerId', 'tenant'] as const).every((key) => (filter[key] ?? lease[key]) === lease[key]),
    );
  }

  status(): PoolStatus[] {
    const counts = { ready: 90, dirty: 0, building: 1, broken: 0, destroying: 2, released: this.released.length };
    const recycled = {
      recycledBySeal: 0,
      recycledByProof: 0,
      recycledUnchecked: 0,
      replaced: 0,
      replacedFor: {},
      replacements: [],
    };
    const done = {
      ...recycled,
      acquiredWarm: this.#seq,
      acquiredCold: 3,
      buildFailures: 4,
      lastError: null,
      trouble: null,
    };
    return [
      {
        name: 'default',
        subnet: '10.213.0.0/16',
        ...this.#size,
        target: 100,
        ...counts,
        leased: this.activeLeases.size,
        ...done,
      },
    ];
  }

  poolStatus(name: string): PoolStatus | undefined {
    return this.status().find((pool) => pool.name === name);
  }

  /** What is known of endpoints, by id. */
  readonly endpoints = new Map<string, EndpointStatus>();

  endpoint(id: string): EndpointStatus | undefined {
    return this.endpoints.get(id);
  }

  resize(name: string, change: { minReady?: number | undefined; max?: number | undefined }): PoolStatus {
    const { minReady = this.#size.minReady, max = this.#size.max } = change;
    const status = this.poolStatus(name);
    if (status === undefined) throw new NetnsdError('pool_not_found', `there is no pool ${name}`);
    if (minReady > max) throw new NetnsdError('bad_request', `min_ready (${minReady}) is larger than max (${max})`);
    this.#size = { minReady, max };
    return { ...status, ...this.#size };
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: Partial<PoolEvent>): void {
    const whole: PoolEvent = {
      time: new Date().toISOString(),
      type: 'ready',
      pool: 'default',
      endpoint: 'default-1',
      lease: null,
      containerId: null,
      reason: null,
      ...event,
    };
    for (const listener of this.listeners) listener(whole);
  }
}

function leaving(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new NetnsdError('client_gone', 'the client left')));
  });
}

export function makeLease(seq: number, terms: Partial<Lease> = {}): Lease {
  return {
    id: seq.toString(16).padStart(16, '0'),
    pool: 'default',
    containerId: null,
    tenant: 'default',
    trust: 'unknown',
    source: 'warm',
    acquiredAt: new Date().toISOString(),
    expiresAt: null,
    ...terms,
    netns: { path: `/run/netnsd/netns/default-${seq}`, inode: 4_026_532_000 + seq },
    interface: { name: 'eth0', mac: '0a:58:0a:d5:00:02', mtu: 1500, hostName: `nn${seq}` },
    addresses: [{ address: '10.213.0.2/16', gateway: '10.213.0.1' }],
    routes: [{ destination: '0.0.0.0/0', gateway: '10.213.0.1' }],
    publishedPorts: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 20_080, containerPort: 8080 }],
    dns: { servers: ['10.0.0.53'], search: [], options: ['ndots:1'] },
  };
}
