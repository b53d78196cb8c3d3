import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { endpointCapacity, parseSubnet } from '../../address/ipv4.js';
import { type Config, defaultPool } from '../../config/index.js';
import { addressesOf } from '../../endpoint/network/published-ports.js';
import { LARGEST_SEQ } from '../../endpoint/plan.js';
import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import type { NetworkSettings } from '../../endpoint/types.js';
import { isProcessorShort } from '../../kernel/host/run-queue.js';
import { netnsUsers } from '../../kernel/netns/netns-users.js';
import type { ProcessWatch } from '../../kernel/process/process-watch.js';
import { type EndpointRecord, newLeaseId, Pools, systemClock } from '../../pool/index.js';
import {
  carryOutStart,
  highestSeq,
  planStart,
  refuseTaken,
  type StartPlan,
  surveyStart,
} from '../../reconcile/index.js';
import { type OpenShelf, openShelf } from '../../shelf/index.js';
import { CooldownFile, FileAddressCooldowns, FileRecords, FileSequence, LeaseFiles } from '../../state/index.js';
import type { OpenState } from './open-state.js';

interface OpenPoolsOptions {
  readonly config: Config;
  readonly state: OpenState;
  readonly networks: readonly NetworkSettings[];
  readonly thread: EndpointThread;
  readonly processes: ProcessWatch;
  readonly log: Logger;
}

export interface OpenPools extends Pick<StartPlan, 'adopted'> {
  /** With the pools that are no longer configured and whose leases stand. */
  readonly config: Config;
  /** Names of these pools. */
  readonly retired: ReadonlySet<string>;
  readonly pools: Pools;
  readonly leaseFiles: LeaseFiles;
  readonly shelf: OpenShelf;
  /** Writes again all that is kept in the state directory, after it was removed. Throws state_write_failed. */
  rewrite(): void;
}

/**
 * Reads the records and the shelf, reconciles them with kernel and processes, and starts the pools on what is left. Rejects
 * with state_unusable, worker_failed and kernel_error.
 */
export async function openPools(options: OpenPoolsOptions): Promise<OpenPools> {
  const { config, state, networks, thread, log } = options;
  const { stateDir, site } = state;
  const files = new FileRecords(stateDir);
  const {
    records: loaded,
    recovered,
    ...survey
  } = await surveyStart({
    site,
    kernel: thread,
    users: netnsUsers,
    hostInode: statSync('/proc/self/ns/net').ino,
    readRecords: () =>
      files.load((warning) =>
        log.warn(warning, 'a file in the state directory is not a valid record; it was set aside'),
      ),
    newLeaseId,
  });
  refuseTaken(recovered, config.pools);
  for (const record of recovered) keepRecovered(record, { files, users: survey.users, log });
  const leaseFiles = new LeaseFiles(stateDir);
  // Clients go on taking from the shelf. It is read last, so a process inside an endpoint that was taken is seen with its lease.
  const { shelf, records, plan } = openShelf({
    stateDir,
    pools: config.pools,
    records: [...loaded, ...recovered],
    plan: (all) => planStart({ site, networks, records: all, ...survey }),
    files,
    log,
  });
  refuseTaken(
    plan.adopted.filter(({ state }) => state === 'leased'),
    config.pools,
  );
  await thread.open(plan.retired);
  await carryOutStart(plan, { records, files, kernel: thread, log });
  const all = withRetired(config, plan);
  const sequence = new FileSequence(stateDir, {
    aboveRecords: records.reduce((highest, { seq }) => Math.max(highest, seq), 0),
    aboveObjects: highestSeq(site, survey.found),
    largest: LARGEST_SEQ,
    used: () => new Set(pools.records().map(({ seq }) => seq)),
  });
  const keepMs = 1000 * Math.max(...config.pools.map(({ addressCooldownSeconds }) => addressCooldownSeconds));
  const cooldowns = new CooldownFile(stateDir, { keepMs });
  const pools: Pools = makePools({ ...options, config: all }, { files, shelf, sequence, cooldowns });
  const { adopted } = plan;
  const leased = new Set(adopted.map(({ lease }) => lease?.id));
  leaseFiles.removeEnded((leaseId) => leased.has(leaseId));
  // The last step that may fail: the caller closes pools that have started.
  pools.start(adopted);
  const rewrite = (): void => {
    shelf.repair();
    sequence.rewrite();
    cooldowns.rewrite(systemClock.monotonicMs());
    for (const record of pools.records()) files.write(record, null);
  };
  return {
    config: all,
    retired: new Set(plan.retired.map(({ name }) => name)),
    pools,
    leaseFiles,
    shelf,
    adopted,
    rewrite,
  };
}

/** Its own record was lost: with another one it is a lease again, which can be listed and released. */
function keepRecovered(
  record: EndpointRecord,
  { files, users, log }: { files: FileRecords; users: ReadonlyMap<number, readonly number[]>; log: Logger },
): void {
  const { id, pool, lease, facts } = record;
  const pids = users.get(lease?.graft?.inode ?? facts?.netns.inode ?? 0) ?? [];
  log.warn(
    { endpoint: id, pool, lease: lease?.id, pids },
    'an endpoint in use has no valid record; it is kept, as a lease until its processes have ended',
  );
  files.write(record, null);
}

/** A pool that is no longer configured stays open for what it has: it builds nothing and leases nothing. */
function withRetired(config: Config, { retired, orphans }: StartPlan): Config {
  const pools = retired.map((network) => ({
    ...defaultPool(),
    ...network,
    minReady: 0,
    max: orphans.filter(({ pool }) => pool === network.name).length,
    sizing: 'fixed' as const,
    recycle: 'replace' as const,
    // The hubs keep what they have; and what was isolated is not to meet by way of the host.
    isolation: 'full' as const,
    retired: true,
  }));
  return { ...config, pools: [...config.pools, ...pools] };
}

/** How many addresses of the subnet endpoints may have: those of a pool that publishes ports have host ports as well. */
function capacityOf({ name, subnet }: { name: string; subnet: string }, networks: readonly NetworkSettings[]): number {
  const published = networks.find((network) => network.name === name)?.published;
  const addresses = endpointCapacity(parseSubnet(subnet));
  return published === undefined ? addresses : Math.min(addresses, addressesOf(published));
}

function makePools(
  { config, networks, thread, processes, log }: OpenPoolsOptions,
  kept: { files: FileRecords; shelf: OpenShelf; sequence: FileSequence; cooldowns: CooldownFile },
): Pools {
  const { files, shelf, sequence, cooldowns: file } = kept;
  return new Pools({
    pools: config.pools.map((pool) => ({
      settings: { ...pool, capacity: capacityOf(pool, networks) },
      subnet: pool.subnet,
    })),
    endpoints: thread,
    records: files,
    addressCooldowns: new FileAddressCooldowns({ pools: config.pools, file, log }),
    nextSeq: () => sequence.next(),
    isBusy: () => isProcessorShort(),
    processes,
    shelf: shelf.shelf,
    log,
  });
}
