/** The configuration after defaults, validation and unit conversion: what `readConfig` returns. */
export interface Config {
  /** Folder of symbolic links to the namespaces, or null; `/run/netns` makes them visible to `ip netns`. */
  readonly netnsDir: string | null;
  /** Group of the socket (mode 0660), or null (mode 0600). */
  readonly socketGroup: string | null;
  /** Octal digits, or null: 0600, or 0660 with a group. */
  readonly socketMode: string | null;
  /** Seconds between two reconciles. */
  readonly reconcileSeconds: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly pools: readonly PoolConfig[];
}

export interface PoolConfig {
  /** `[a-z0-9]` first, then `[a-z0-9-]`, at most 32 characters. */
  readonly name: string;
  /** IPv4 CIDR, network address; the first host address is the gateway's (the bridge). */
  readonly subnet: string;
  /** IPv6 CIDR, network address, at most 96 bits; null: IPv4 only. */
  readonly subnet6: string | null;
  /** Where the network was read from; empty: nowhere. */
  readonly subnetFile: string;
  readonly minReady: number;
  readonly max: number;
  readonly mtuBytes: number | 'auto';
  readonly buildBatch: number;
  /** Seconds before the address of a destroyed endpoint is reused. */
  readonly addressCooldownSeconds: number;
  /** What follows a release. */
  readonly recycle: 'verify' | 'replace' | 'reuse';
  /** How an endpoint is verified after a lease whose container's spec is not known. */
  readonly unknownSpec: 'proof' | 'seal' | 'replace';
  readonly sizing: 'demand' | 'fixed';
  readonly idleSeconds: number;
  /** When the lease of a container ends, if its container was seen and is gone, or was never seen; 0: never. */
  readonly goneAfterSeconds: number;
  readonly unusedAfterSeconds: number;
  /** Whether containers go out with the host's address. */
  readonly masquerade: boolean;
  /** Networks in CIDR notation that they reach, and are reached from, with their own. */
  readonly masqueradeExcept: readonly string[];
  /** Ports of every container that are published. */
  readonly publish: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number }[];
  /** Ports of the host for these, both ends included. */
  readonly publishRange: readonly [from: number, to: number];
  /** Whether they reach the host itself. */
  readonly hostAccess: boolean;
  /** Networks of either family in CIDR notation that they do not reach, and exceptions from these. */
  readonly egressDeny: readonly string[];
  readonly egressAllow: readonly string[];
  /** Whether they send from their own MAC and addresses only. */
  readonly antiSpoof: boolean;
  /** Which containers of the pool reach each other: all, those of one tenant, or none. */
  readonly isolation: 'none' | 'tenant' | 'full';
  /** Whether broadcast and multicast reach all of them. */
  readonly flood: boolean;
  /** What its containers receive and send at the most, in bits per second; null: no limit. */
  readonly rateInBits: number | null;
  readonly rateOutBits: number | null;
  /** How many connections a container may have open that it opened through the host, and may open in a second; null: no limit. */
  readonly maxConnections: number | null;
  readonly maxConnectionsPerSecond: number | null;
  /** Name of a container's interface. */
  readonly interfaceName: string;
  /** Routes of a container beside its default routes: CIDR, and an address of `subnet` or `subnet6`. */
  readonly routes: readonly { readonly destination: string; readonly gateway: string }[];
  /** Sysctls of a container's network namespace, by names such as `net.core.somaxconn`, in the order in which they are written. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether patched bundles mount the lease's DNS files. */
  readonly mountDns: boolean;
  readonly dns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
}
