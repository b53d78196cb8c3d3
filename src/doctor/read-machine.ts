import { release } from 'node:os';
import { type Config, readConfig } from '../config/index.js';
import { readHostAddresses } from '../endpoint/network/overlap.js';
import type { Settled } from '../endpoint/types.js';
import { ELSEWHERE } from '../kernel/host/egress-mtu.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { type ForwardChain, listForwardChains } from '../kernel/nftables/forward-chains.js';
import { readLegacyForward } from '../kernel/nftables/legacy-tables.js';
import { type Trial, tryBuilding } from '../kernel/process/trial.js';
import { findRoute, parseRoute } from '../kernel/rtnetlink/route.js';
import { readSite, siteOf } from '../state/index.js';
import { readVersion } from '../version.js';
import { tablesAreLoaded, trialLoadsNothing } from './checks/kernel.js';
import type { DaemonView } from './daemon-view.js';
import { HostFiles } from './host-files.js';
import type { HostNetwork, Machine, PoolSize } from './machine.js';

export interface Place {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Null: `/etc/netnsd/netnsd.toml` if it exists, otherwise defaults. */
  readonly configPath: string | null;
}

/** Reads this machine. Changes nothing, and has the kernel load nothing. */
export async function readMachine(place: Place, daemon: DaemonView): Promise<Machine> {
  const files = new HostFiles();
  const kernel = release();
  const config = attempt(() => readConfig({ path: place.configPath }));
  const pools = daemon.answers ? withSubnet6(daemon.status.pools, poolsOf(config)) : poolsOf(config);
  return {
    files,
    euid: process.geteuid?.() ?? 0,
    node: process.version,
    kernel,
    path: process.env.PATH ?? '',
    place,
    version: readVersion(),
    site: readSite(place.stateDir) ?? siteOf(place.stateDir, config.ok ? config.value.netnsDir : null),
    running: runningPrograms(files),
    config,
    pools,
    network: await readNetwork(pools),
    firewall: tablesAreLoaded({ files, kernel }) ? attempt(() => readFirewall(files)) : undefined,
    trial: await trial({ files, kernel }),
    daemon,
  };
}

function poolsOf(config: Settled<Config>): Config['pools'] {
  return config.ok ? config.value.pools : [];
}

/** A daemon tells of its pools without it. */
function withSubnet6(pools: readonly PoolSize[], configured: Config['pools']): PoolSize[] {
  const subnets = new Map(configured.map(({ name, subnet6 }) => [name, subnet6]));
  return pools.map((pool) => ({ ...pool, subnet6: subnets.get(pool.name) ?? null }));
}

function attempt<T>(read: () => T): Settled<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, error: error as Error };
  }
}

/** Processes end while they are listed, and their files with them. */
function runningPrograms(files: HostFiles): Set<string> {
  const pids = files.names('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(pids.flatMap((pid) => files.text(`/proc/${pid}/comm`)?.trim() ?? []));
}

async function readNetwork(pools: readonly { subnet: string }[]): Promise<Settled<HostNetwork>> {
  try {
    using socket = NetlinkSocket.open({ many: true });
    const [egress] = socket.transact([findRoute(ELSEWHERE)]);
    const reply = egress?.ok ? egress.replies[0] : undefined;
    const value = { ...(await readHostAddresses(socket, pools)), egress: reply && parseRoute(reply).linkIndex };
    return { ok: true, value };
  } catch (error) {
    return { ok: false, error: error as Error };
  }
}

function readFirewall(files: HostFiles): ForwardChain[] {
  const legacy = (['ip', 'ip6'] as const).filter((family) =>
    (files.text(`/proc/net/${family}_tables_names`) ?? '').split('\n').includes('filter'),
  );
  return [...listForwardChains(), ...legacy.flatMap((family) => readLegacyForward(family) ?? [])];
}

async function trial(machine: Pick<Machine, 'files' | 'kernel'>): Promise<Trial> {
  if (trialLoadsNothing(machine)) return tryBuilding();
  return { outcome: 'skipped', why: 'the kernel would load modules for it' };
}
