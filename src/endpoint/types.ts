import type { PortPlan, PublishedPort } from './network/published-ports.js';

/** What an endpoint is called before it exists; the pool's key has the same shape. */
export interface EndpointName {
  /** `POOL-SEQ` */
  readonly id: string;
  readonly pool: string;
  /** Which address of the subnet: 0 is the first one after the gateway. */
  readonly index: number;
  readonly seq: number;
  /** A MAC that does not follow from the address. */
  readonly mac?: string;
}

/** The index of a stray: a mount or a link tells its id, and not which address it had. */
export const UNKNOWN_INDEX = -1;

/** The network of a pool: one subnet in one hub, or in several that meet in a root hub. */
export interface NetworkSettings {
  readonly name: string;
  /** IPv4 CIDR; the first host address is the gateway's. */
  readonly subnet: string;
  /** IPv6 CIDR of at most 96 bits; the first address is the gateway's. Null or absent: IPv4 only. */
  readonly subnet6?: string | null;
  readonly mtuBytes: number;
  /** How many endpoints the pool may have. */
  readonly max: number;
  /** How many of them one hub takes; a bridge has 1 023 ports (BR_MAX_PORTS), and one is the uplink. */
  readonly endpointsPerHub: number;
  /** Whether endpoints send from their own addresses only. Absent, as of pools that are no longer configured: as it is. */
  readonly antiSpoof?: boolean;
  /** Which endpoints of the pool reach each other. Absent: as it is. */
  readonly isolation?: Isolation;
  /** Whether broadcast and multicast reach all of them. Absent: no. */
  readonly flood?: boolean;
  /** What they receive and send at the most, in bits per second. Null or absent: no limit. */
  readonly rateInBits?: number | null;
  readonly rateOutBits?: number | null;
  /** Name of their interface. Absent: eth0. */
  readonly interfaceName?: string;
  /** Their routes beside the default routes, destinations as CIDR. Absent: none. */
  readonly routes?: readonly { readonly destination: string; readonly gateway: string }[];
  /** Sysctls of their namespaces, in the order in which they are written. Absent: none. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** What its endpoints publish; absent: nothing. */
  readonly published?: Pick<PortPlan, 'ports' | 'hostPorts'>;
  readonly dns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
}

/** Which endpoints of a pool reach each other: all, those of one tenant, or none. */
export type Isolation = 'none' | 'tenant' | 'full';

/** Which daemon made a thing: names of links and mounts carry it, so that several daemons run beside each other. */
export interface Site {
  /** Four characters in the names of its objects; see `chooseInstanceId`. */
  readonly instanceId: string;
  /** What makes the daemon out, on every link of it; see `identityOf`. */
  readonly identity: string;
  /** Real path of the state directory, whose vault holds the namespaces. */
  readonly stateDir: string;
  /** Folder of symbolic links for people, if any. */
  readonly netnsDir: string | null;
}

/** What is told about a built endpoint. */
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
  readonly addresses: readonly { readonly address: string; readonly gateway: string }[];
  readonly routes: readonly { readonly destination: string; readonly gateway: string }[];
  readonly publishedPorts: readonly PublishedPort[];
  readonly dns: NetworkSettings['dns'];
  /** Sysctls that were set in the namespace, by name; absent: none. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };
