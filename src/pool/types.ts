/**
 * What a pool needs from the rooms around it, declared here so that the pool is pure and tested without root:
 * endpoints (made by the kernel worker) and records (files under the state directory).
 */

/** The states of an endpoint, and the folders of the state directory. `building` and `destroying` are the ways in and out. */
export const ENDPOINT_STATES = ['building', 'ready', 'leased', 'dirty', 'broken', 'destroying'] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export type Protocol = 'tcp' | 'udp';
export interface Address {
  /** CIDR notation, for example `10.213.0.2/16`. */
  readonly address: string;
  readonly gateway: string;
}
export interface Route {
  readonly destination: string;
  readonly gateway: string;
}
export interface PublishedPort {
  readonly protocol: Protocol;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerPort: number;
}
export interface Dns {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** What is decided about an endpoint before anything of it exists; written to its record first. */
export interface EndpointKey {
  /** Unique for the life of the state directory: `POOL-SEQ`. Names the record and the mount. */
  readonly id: string;
  readonly pool: string;
  /** Which address of the subnet: 0 is the first one after the gateway. */
  readonly index: number;
  /** Grows with every endpoint that the daemon ever builds; names the host's link. */
  readonly seq: number;
}

/** What of a built endpoint a lease tells its holder. The pool passes it on and does not look inside. */
export interface EndpointFacts {
  readonly netns: { readonly path: string; readonly inode: number };
  readonly interface: { readonly name: string; readonly mac: string; readonly mtu: number; readonly hostName: string };
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly publishedPorts: readonly PublishedPort[];
  readonly dns: Dns;
}

/**
 * What is known of what the holder's container may do to its namespace (`readTrust` reads it from a spec): nothing that
 * lasts, anything, or not known.
 */
export const TRUSTS = ['unprivileged', 'privileged', 'unknown'] as const;
export type Trust = (typeof TRUSTS)[number];

/** Where the interface of a grafted lease is, instead of in its endpoint's own namespace. */
export interface Graft {
  /** Inode of the network namespace that the container's runtime made. */
  readonly inode: number;
  /** The container's first process. */
  readonly pid: number;
}

/** A process, told apart from others that bear its number before or after it. */
export interface BoundProcess {
  readonly pid: number;
  /** When it started, in clock ticks since the machine did: proc_pid_stat(5). */
  readonly startTicks: number;
}

/** Tells when processes end; implemented on pidfds. */
export interface Processes {
  /** Holds on to the process that bears `pid` now until disposed; `ended` is aborted at its end. Throws `process_gone`. */
  hold(pid: number): { readonly process: BoundProcess; readonly ended: AbortSignal } & Disposable;
  /** Calls `listener` soon after the process has ended, also if that was before, unless the returned function was called. */
  watch(process: BoundProcess, listener: () => void): () => void;
}

/** A lease, as the contract has it. */
export interface Lease extends EndpointFacts {
  readonly id: string;
  readonly pool: string;
  readonly containerId: string | null;
  readonly tenant: string;
  readonly trust: Trust;
  readonly source: 'warm' | 'cold';
  /** RFC 3339, UTC. */
  readonly acquiredAt: string;
  /** RFC 3339, UTC; null where the lease has no time limit. */
  readonly expiresAt: string | null;
  /** Absent unless the interface was moved into a namespace that somebody else made; `netns` is empty then. */
  readonly graft?: Graft;
  /** Absent unless the lease ends with a process. */
  readonly process?: BoundProcess;
}

export type LeaseTerms = Pick<
  Lease,
  'id' | 'containerId' | 'tenant' | 'trust' | 'source' | 'acquiredAt' | 'expiresAt' | 'graft' | 'process'
> & {
  /**
   * Only of a lease that was made for a container: whether one was seen inside so far. It ends when the container is gone,
   * or never comes.
   */
  readonly container?: 'awaited' | 'seen';
  /** When `expiresAt` is on the monotonic clock, which nobody sets; absent in records of earlier versions. */
  readonly dueMonotonicMs?: number | null;
};

/** The record of one endpoint: all that a restart needs to know of it. */
export interface EndpointRecord extends EndpointKey {
  readonly state: EndpointState;
  readonly facts: EndpointFacts | null;
  readonly lease: LeaseTerms | null;
  /** Whom it has served since it was built; nobody else is to have it. Null: nobody. */
  readonly tenant: string | null;
  /** Why it is dirty, broken or being destroyed. */
  readonly reason: string | null;
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Makes and removes endpoints; implemented on the kernel worker. Never rejects for one endpoint: each outcome is settled. */
export interface Endpoints {
  /** Builds each complete, or undoes what it began and says which step failed. `urgent` work overtakes refill. */
  build(keys: readonly EndpointKey[], options: { urgent: boolean }): Promise<Settled<EndpointFacts>[]>;
  /** Removes all that bears these keys; what is gone already counts as done. */
  destroy(keys: readonly EndpointKey[]): Promise<Settled<void>[]>;
  /** Seals ready endpoints; false for those that could not be sealed. */
  seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]>;
  /** Looks whether endpoints that were released are as if nobody had had them. */
  verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]>;
  /** Ids of the processes that are inside each namespace. */
  users(netnsInodes: readonly number[]): Promise<number[][]>;
}

/** An endpoint with its namespace: another one may stand at the same path by now. */
export interface BuiltEndpoint {
  readonly name: EndpointKey;
  readonly netnsInode: number;
}

/** `seal`: nothing was announced since the endpoint was sealed. `proof`: everything was read and is as pristine. */
export type VerifyWay = 'seal' | 'proof';

/** An endpoint that was released, and how it is to be looked at. */
export interface VerifyRequest extends BuiltEndpoint {
  readonly way: VerifyWay;
  /** Whether it was sealed before its holder got it: a seal that came later has not heard of everything. */
  readonly sealed: boolean;
  /** By its spec, its holder could change nothing of the network: what takes CAP_NET_ADMIN need not be asked for. */
  readonly unprivileged: boolean;
}

export type Verdict =
  | { readonly clean: true; readonly way: VerifyWay; readonly sealed: boolean }
  /** What kind of trace was found (few, for a metric), and the trace in words. */
  | { readonly clean: false; readonly kind: string; readonly text: string };

/** An address that was freed, and since when it rests on the monotonic clock. */
export interface AddressCooldown {
  readonly index: number;
  readonly sinceMs: number;
}

/** Remembers over restarts which addresses rest. */
export interface AddressCooldowns {
  /** An address comes to rest; what cannot be recorded is the recorder's trouble and not the caller's. */
  add(pool: string, rest: AddressCooldown): void;
  /** What an earlier daemon recorded of a pool's addresses; some may have rested long enough. */
  of(pool: string): readonly AddressCooldown[];
}

/** Keeps records; every call returns when the change is in the file system (tmpfs). */
export interface Records {
  /** Writes the record into the folder of its state, atomically, and takes it out of the folder of `previous`. */
  write(record: EndpointRecord, previous: EndpointState | null): void;
  /** Forgets the record; the last act of an endpoint. */
  remove(key: EndpointKey, state: EndpointState): void;
}

/** The settings of a pool that the pool itself follows. */
export interface PoolSettings {
  readonly name: string;
  readonly minReady: number;
  readonly max: number;
  /** How many addresses the subnet has for endpoints; at least `max`. */
  readonly capacity: number;
  /** How many builds one request to the worker may hold: bounds how long a cold build waits behind a refill. */
  readonly buildBatch: number;
  /** How long an address that somebody has had rests before another endpoint gets it; 0: not at all. */
  readonly addressCooldownSeconds: number;
  readonly recycle: RecycleMode;
  /** How an endpoint is looked at whose holder's spec is not known. */
  readonly unknownSpec: UnknownSpec;
  /** Whether `minReady` is all that is kept ready, or the least, and demand says how many. */
  readonly sizing: 'demand' | 'fixed';
  /** With `demand`: how long a burst is remembered in full; an idle endpoint above the target is kept a tenth of it. */
  readonly idleSeconds: number;
}

/** What becomes of released endpoints: looked at and used again, replaced by new ones, or used again as they are. */
export const RECYCLE_MODES = ['verify', 'replace', 'reuse'] as const;
export type RecycleMode = (typeof RECYCLE_MODES)[number];
export const UNKNOWN_SPECS = ['proof', 'seal', 'replace'] as const;
export type UnknownSpec = (typeof UNKNOWN_SPECS)[number];

/** An endpoint that was not used again. */
export interface Replacement {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly text: string;
}

export interface PoolStatus {
  readonly name: string;
  readonly subnet: string;
  readonly minReady: number;
  readonly max: number;
  /** How many are to be ready now: from `minReady` to `max`. */
  readonly target: number;
  readonly ready: number;
  readonly leased: number;
  readonly dirty: number;
  readonly building: number;
  readonly broken: number;
  readonly destroying: number;
  /** Since the daemon started. */
  readonly acquiredWarm: number;
  readonly acquiredCold: number;
  readonly released: number;
  /** Endpoints ready again after a release, by the way that it was found out that they can be. */
  readonly recycledBySeal: number;
  readonly recycledByProof: number;
  readonly recycledUnseen: number;
  /** Endpoints replaced after a release, in all and by kind of reason. */
  readonly replaced: number;
  readonly replacedFor: Readonly<Record<string, number>>;
  /** The newest of them. */
  readonly replacements: readonly Replacement[];
  readonly buildFailures: number;
  /** The newest failure, in one line, or null. */
  readonly lastError: string | null;
  /** What keeps the pool from being filled or emptied as it should at the moment, in one line, or null. */
  readonly trouble: string | null;
}
