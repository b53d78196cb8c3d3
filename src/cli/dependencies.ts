import type { Config } from '../config/types.js';
import type { EndpointStatus } from '../pool/events/endpoint-status.js';
import type { LeaseFilter, PoolEvent } from '../pool/service.js';
import type { Lease, PoolStatus } from '../pool/types.js';

/** What the commands need from other rooms, injected so that the commands are tested without a daemon. */
export interface Dependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly version: string;
  /** Opens the typed client; it connects with the first request. */
  openClient(options: { socketPath: string; reachMs?: number }): Promise<Client>;
  /** Runs the daemon in the foreground until SIGTERM or SIGINT. Resolves with the exit status. */
  serve(options: ServeOptions): Promise<number>;
  /** Stops the daemon and removes every trace of it. Resolves with the exit status. */
  down(options: { stateDir: string; socketPath: string; force: boolean }): Promise<number>;
  /** Becomes a command inside a network namespace; rejects where it cannot. */
  enter(options: EnterOptions): Promise<number>;
  /** Checks this host, and the daemon if the client reaches one. */
  doctor(options: DoctorOptions): Promise<DoctorReport>;
  /** Writes what a bug report needs into one file. */
  report(options: ReportOptions): Promise<void>;
  /** Runs the benchmark named first in `argv`. Resolves with the exit status. */
  runBench(argv: string[]): Promise<number>;
}

/** One run of the command line. A command sets the exit status if it is not 0. */
export interface Invocation extends Dependencies {
  status: number;
}

export interface Output {
  write(text: string): unknown;
}

export interface ServeOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Null: `/etc/netnsd/netnsd.toml` if it exists, otherwise defaults. */
  readonly configPath: string | null;
  /** These two, where not null, take precedence over the configuration. */
  readonly netnsDir: string | null;
  readonly logLevel: Config['logLevel'] | null;
}

/** A namespace by its path, that of an endpoint, or a hub: `POOL` or `POOL.N`. */
export type EnterTarget = { readonly path: string } | { readonly endpoint: string } | { readonly hub: string };

export interface EnterOptions {
  readonly stateDir: string;
  readonly target: EnterTarget;
  readonly command: readonly [string, ...string[]];
}

export interface DoctorOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Null: `/etc/netnsd/netnsd.toml` if it exists, otherwise defaults. */
  readonly configPath: string | null;
  readonly client: Client;
  /** Whether the daemon repairs what it finds. */
  readonly fix: boolean;
}

export interface ReportOptions extends Omit<DoctorOptions, 'fix'> {
  readonly file: string;
}

export interface DoctorReport {
  readonly counts: Readonly<Record<'ok' | 'warn' | 'fail' | 'unknown', number>>;
  readonly checks: readonly {
    readonly group: string;
    readonly check: string;
    readonly status: 'ok' | 'warn' | 'fail' | 'unknown';
    readonly message: string;
    /** What to do, one step on each line. */
    readonly advice: string | null;
  }[];
  readonly findings: Reconciliation['findings'];
}

/** The differences that the daemon found, and what it did about them. */
export interface Reconciliation {
  readonly findings: readonly {
    readonly pool: string | null;
    readonly object: string;
    readonly endpoint: string | null;
    readonly lease: string | null;
    readonly problem: string;
    readonly action: 'replaced' | 'released' | 'repaired' | 'removed' | 'none';
    readonly outcome: 'found' | 'done' | 'failed';
    readonly advice: string | null;
  }[];
  readonly endpoints: number;
  readonly tookMs: number;
}

export interface LeaseRequest {
  readonly pool?: string | undefined;
  readonly containerId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly trust?: 'unprivileged' | 'privileged' | undefined;
  readonly forContainer?: boolean | undefined;
  readonly address?: string | undefined;
  readonly mac?: string | undefined;
  /** Seconds. */
  readonly wait?: number | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly pid?: number | undefined;
}

export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** What the daemon does without on this host; absent: a daemon of an earlier version. */
  readonly warnings?: readonly string[];
  readonly pools: readonly PoolStatus[];
  readonly configuration?: { readonly readAt: string; readonly error: string | null } | undefined;
}

/** What a reload changed. With `reopens`, it is done when the status has another `readAt`. */
export interface ReloadReport {
  readonly changes: readonly string[];
  readonly reopens: boolean;
  readonly readAt: string;
}

export interface PoolDetails extends PoolStatus {
  /** By their keys; absent for a pool that is no longer configured. */
  readonly settings?: Readonly<Record<string, string | number | boolean | readonly string[] | null>> | undefined;
}

/** The part of the daemon's client that the commands use. Every method rejects with a NetnsdError. */
export interface Client {
  acquire(request: LeaseRequest): Promise<Lease>;
  acquireMany(
    request: Omit<LeaseRequest, 'containerId' | 'address' | 'mac'> & { readonly count: number },
  ): Promise<Lease[]>;
  /** Idempotent: a lease that does not exist is no error. */
  release(leaseId: string, options?: { force?: boolean }): Promise<unknown>;
  renew(leaseId: string, terms: { ttl: number }): Promise<Lease>;
  lease(leaseId: string): Promise<Lease>;
  endpoint(id: string): Promise<EndpointStatus>;
  /** Has the daemon write a lease's DNS settings as files to mount into its container. */
  dnsFiles(
    leaseId: string,
    names: { hostname?: string | undefined },
  ): Promise<{ hosts: string; resolvConf: string | null }>;
  leases(filter: LeaseFilter): Promise<readonly Lease[]>;
  pool(name: string): Promise<PoolDetails>;
  pools(): Promise<readonly PoolStatus[]>;
  resizePool(name: string, size: { minReady?: number | undefined; max?: number | undefined }): Promise<PoolStatus>;
  status(): Promise<DaemonStatus>;
  events(): AsyncIterable<PoolEvent>;
  reconcile(request: { fix: boolean }): Promise<Reconciliation>;
  reload(): Promise<ReloadReport>;
  close(): unknown;
}
