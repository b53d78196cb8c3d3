import type {
  Client,
  DaemonStatus,
  Dependencies,
  DoctorReport,
  LeaseRequest,
  PoolDetails,
  ReloadReport,
} from '../../../src/cli/dependencies.js';
import { runCli } from '../../../src/cli/index.js';
import { NetnsdError } from '../../../src/errors.js';
import type { EndpointStatus } from '../../../src/pool/events/endpoint-status.js';
import type { PoolEvent } from '../../../src/pool/service.js';
import type { Lease, PoolStatus } from '../../../src/pool/types.js';

export const POOL: PoolStatus = {
  name: 'default',
  subnet: '10.213.0.0/16',
  minReady: 16,
  max: 256,
  ready: 16,
  leased: 2,
  dirty: 0,
  building: 1,
  broken: 0,
  destroying: 0,
  target: 100,
  acquiredWarm: 40,
  acquiredCold: 1,
  released: 39,
  recycledBySeal: 0,
  recycledByProof: 0,
  recycledUnchecked: 0,
  replaced: 0,
  replacedFor: {},
  replacements: [],
  buildFailures: 0,
  lastError: null,
  trouble: null,
};

export function leaseOf(number: number, more: Partial<Lease> = {}): Lease {
  return {
    id: `l-${number}`,
    pool: 'default',
    containerId: null,
    tenant: 'default',
    trust: 'unknown',
    source: 'warm',
    acquiredAt: '2026-01-02T03:04:05.000Z',
    expiresAt: null,
    netns: { path: `/run/netnsd/netns/nd-${number}`, inode: 4026530000 + number },
    interface: { name: 'eth0', mac: '0a:58:0a:d5:00:02', mtu: 1500, hostName: `nd-${number}` },
    addresses: [{ address: `10.213.0.${number}/16`, gateway: '10.213.0.1' }],
    routes: [{ destination: '0.0.0.0/0', gateway: '10.213.0.1' }],
    publishedPorts: [],
    dns: { servers: [], search: [], options: [] },
    ...more,
  };
}

/** A daemon in memory, as far as the commands see one. Idempotent by container id, like the real one. */
export class FakeDaemon implements Client {
  activeLeases: Lease[] = [];
  events_: PoolEvent[] = [];
  readonly calls: [method: string, ...args: unknown[]][] = [];
  closed = 0;
  /** Thrown by the method of this name. */
  readonly failures = new Map<string, NetnsdError>();
  /** Called when a lease was made, before its caller hears of it. */
  onAcquired: () => void = () => undefined;
  #next = 2;

  #called(method: string, ...args: unknown[]): void {
    this.calls.push([method, ...args]);
    const failure = this.failures.get(method);
    if (failure !== undefined) throw failure;
  }

  async acquire(request: LeaseRequest): Promise<Lease> {
    this.#called('acquire', request);
    const { containerId = null, pool = 'default', tenant = 'default' } = request;
    const known = this.activeLeases.find((lease) => containerId !== null && lease.containerId === containerId);
    const lease = known ?? leaseOf(this.#next++, { containerId, pool, tenant });
    if (known === undefined) this.activeLeases.push(lease);
    this.onAcquired();
    return lease;
  }

  async acquireMany({ count, ...request }: LeaseRequest & { count: number }): Promise<Lease[]> {
    this.#called('acquireMany', { ...request, count });
    const leases = Array.from({ length: count }, () => leaseOf(this.#next++));
    this.activeLeases.push(...leases);
    return leases;
  }

  async dnsFiles(leaseId: string, names: { hostname?: string | undefined }) {
    this.#called('dnsFiles', leaseId, names);
    const folder = '/run/netnsd/dns/0123456789abcdef';
    return { hosts: `${folder}/hosts`, resolvConf: `${folder}/resolv.conf` };
  }

  async release(leaseId: string): Promise<void> {
    this.#called('release', leaseId);
    this.activeLeases = this.activeLeases.filter(({ id }) => id !== leaseId);
  }

  async renew(leaseId: string, terms: { ttl: number }): Promise<Lease> {
    this.#called('renew', leaseId, terms);
    return { ...(await this.lease(leaseId)), expiresAt: '2026-01-02T03:14:05.000Z' };
  }

  async lease(leaseId: string): Promise<Lease> {
    this.#called('lease', leaseId);
    const lease = this.activeLeases.find(({ id }) => id === leaseId);
    if (lease === undefined) throw new NetnsdError('lease_not_found', `there is no lease ${leaseId}`);
    return lease;
  }

  /** What is known of endpoints, by id. */
  readonly endpoints = new Map<string, EndpointStatus>();

  async endpoint(id: string): Promise<EndpointStatus> {
    this.#called('endpoint', id);
    const endpoint = this.endpoints.get(id);
    if (endpoint === undefined) throw new NetnsdError('endpoint_not_found', `nothing is known of ${id}`);
    return endpoint;
  }

  async leases(filter: { containerId?: string | undefined }): Promise<Lease[]> {
    this.#called('leases', filter);
    const { containerId } = filter;
    return this.activeLeases.filter((lease) => containerId === undefined || lease.containerId === containerId);
  }

  /** The settings of pools, by name. */
  readonly settings = new Map<string, NonNullable<PoolDetails['settings']>>();

  async pool(name: string): Promise<PoolDetails> {
    const settings = this.settings.get(name);
    if (settings === undefined) throw new NetnsdError('pool_not_found', `there is no pool ${name}`);
    return { ...POOL, name, settings };
  }

  async pools(): Promise<PoolStatus[]> {
    this.#called('pools');
    return [POOL];
  }

  async resizePool(
    name: string,
    size: { minReady?: number | undefined; max?: number | undefined },
  ): Promise<PoolStatus> {
    this.#called('resizePool', name, size);
    return { ...POOL, name, minReady: size.minReady ?? POOL.minReady, max: size.max ?? POOL.max };
  }

  async status(): Promise<DaemonStatus> {
    this.#called('status');
    const configuration = this.statuses.shift();
    const status = { version: '0.1.0', pid: 4711, uptimeSeconds: 7260.5, pools: [POOL] };
    return configuration === undefined ? status : { ...status, configuration };
  }

  async *events(): AsyncGenerator<PoolEvent> {
    this.#called('events');
    yield* this.events_;
  }

  async reconcile(request: { fix: boolean }) {
    this.#called('reconcile', request);
    return { findings: [], endpoints: 18, tookMs: 1 };
  }

  /** What a reload says, and the status from the first one on. */
  reloaded: ReloadReport = { changes: [], reopens: false, readAt: '2026-01-02T03:04:05.000Z' };
  readonly statuses: DaemonStatus['configuration'][] = [];

  async reload(): Promise<ReloadReport> {
    this.#called('reload');
    return this.reloaded;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

export const HEALTHY: DoctorReport = { counts: { ok: 1, warn: 0, fail: 0, unknown: 0 }, checks: [], findings: [] };

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Options of every serve, down, enter, bench and client that was asked for. */
  readonly started: [what: string, options: unknown][];
}

/** Runs one command line against the fake daemon. */
export async function run(
  argv: string[],
  options: { daemon?: FakeDaemon; env?: Record<string, string>; report?: DoctorReport } = {},
): Promise<Ran> {
  const { daemon = new FakeDaemon(), env = {}, report = HEALTHY } = options;
  const written = { stdout: '', stderr: '' };
  const started: Ran['started'] = [];
  const start =
    <T>(what: string, result: T) =>
    async (given: unknown) => {
      started.push([what, given]);
      return result;
    };
  const dependencies: Dependencies = {
    env,
    version: '1.2.3',
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    openClient: async (given) => {
      started.push(['client', given]);
      return daemon;
    },
    serve: start('serve', 3),
    down: start('down', 0),
    enter: start('enter', 0),
    doctor: start('doctor', report),
    report: start('report', undefined),
    runBench: start('bench', 1),
  };
  return { status: await runCli(argv, dependencies), ...written, started };
}
