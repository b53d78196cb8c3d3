/** What the record of an endpoint holds: all that a restart needs to know of it, its lease included. */

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
  /** A MAC that was asked for; absent: the one that follows from the address. */
  readonly mac?: string;
}

/** What of a built endpoint a lease tells its holder. The pool passes it on and does not look inside. */
export interface EndpointFacts {
  readonly netns: { readonly path: string; readonly inode: number };
  readonly interface: {
    readonly name: string;
    readonly mac: string;
    readonly mtu: number;
    /** Its other end, and the hub in which that is; no hub in records of an earlier version. */
    readonly hostName: string;
    readonly hub?: string;
    /** Limits that it was built with, in bits per second. */
    readonly rateIn?: number;
    readonly rateOut?: number;
  };
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly publishedPorts: readonly PublishedPort[];
  readonly dns: Dns;
  /** Sysctls that were set in the namespace, by name; absent: none. */
  readonly sysctls?: Readonly<Record<string, string>>;
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

/** How netnsd-cni gave a lease to a pod. */
export interface LeaseAttachment {
  /** `none`: it had not come so far. */
  readonly delivery: 'none' | 'overlay' | 'graft';
  readonly network: string;
  readonly ifname: string;
  /** CNI_NETNS. */
  readonly target: string;
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
  /** Absent unless the interface was moved into a namespace that the runtime made; `netns` is empty then. */
  readonly graft?: Graft;
  /** Absent unless the lease ends with a process. */
  readonly process?: BoundProcess;
  /** Absent unless netnsd-cni made the lease. */
  readonly attachment?: LeaseAttachment;
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
  /** When `expiresAt` is on the monotonic clock, which cannot be set; absent in records of earlier versions. */
  readonly dueMonotonicMs?: number | null;
};

/** The record of one endpoint: all that a restart needs to know of it. */
export interface EndpointRecord extends EndpointKey {
  readonly state: EndpointState;
  readonly facts: EndpointFacts | null;
  readonly lease: LeaseTerms | null;
  /** The tenant that has used it since it was built; no other tenant gets it. Null: unused. */
  readonly tenant: string | null;
  /** Why it is dirty, broken or being destroyed. */
  readonly reason: string | null;
}
