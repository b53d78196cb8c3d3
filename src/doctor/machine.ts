import type { Config } from '../config/index.js';
import type { Settled, Site } from '../endpoint/types.js';
import type { ForwardChain } from '../kernel/nftables/forward-chains.js';
import type { Trial } from '../kernel/process/trial.js';
import type { InterfaceAddress } from '../kernel/rtnetlink/address.js';
import type { Link } from '../kernel/rtnetlink/link.js';
import type { Route } from '../kernel/rtnetlink/route.js';
import type { DaemonView } from './daemon-view.js';
import type { HostFiles } from './host-files.js';

/** Everything that the checks use, read before the first of them runs. */
export interface Machine {
  readonly files: HostFiles;
  readonly euid: number;
  /** `v20.19.0` */
  readonly node: string;
  /** `6.18.44-generic`; uname(2). */
  readonly kernel: string;
  /** PATH. */
  readonly path: string;
  readonly place: { readonly stateDir: string; readonly socketPath: string; readonly configPath: string | null };
  /** This package's. */
  readonly version: string;
  readonly site: Site;
  /** Names of the running processes (comm of proc_pid_comm(5)). */
  readonly running: ReadonlySet<string>;
  readonly config: Settled<Config>;
  /** Those of the running daemon, or else of the configuration. */
  readonly pools: readonly PoolSize[];
  readonly network: Settled<HostNetwork>;
  /** Undefined if it was not read, since the kernel would load a module for that. */
  readonly firewall: Settled<readonly ForwardChain[]> | undefined;
  readonly trial: Trial;
  readonly daemon: DaemonView;
}

export interface PoolSize {
  readonly name: string;
  readonly subnet: string;
  /** Of the configuration; null or absent: none. */
  readonly subnet6?: string | null;
  readonly max: number;
}

export interface HostNetwork {
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  /** The index of the link by which the host reaches other networks; absent: it reaches none. */
  readonly egress?: number | undefined;
}

/** The value; throws the error if there is none. */
export function unwrap<T>(settled: Settled<T>): T {
  if (!settled.ok) throw settled.error;
  return settled.value;
}

/** How many endpoints there may be at once. */
export function mostEndpoints({ pools }: Machine): number {
  return pools.reduce((sum, { max }) => sum + max, 0);
}
