import type { Logger } from 'pino';
import { endpointCapacity, parseSubnet } from '../address/ipv4.js';
import type { Config } from '../config/index.js';
import { addressesOf } from '../endpoint/network/published-ports.js';
import type { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import type { NetworkSettings } from '../endpoint/types.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import type { ProcessWatch } from '../kernel/process/process-watch.js';
import { Pools } from '../pool/index.js';
import { carryOutStart, highestSeq, planStart, type StartPlan, surveyStart } from '../reconcile/index.js';
import { type OpenShelf, openShelf } from '../shelf/index.js';
import { CooldownFile, FileAddressCooldowns, FileRecords, FileSequence, LeaseFiles } from '../state/index.js';
import type { OpenState } from './open-state.js';

interface OpenPoolsOptions {
  readonly config: Config;
  readonly state: OpenState;
  readonly networks: readonly NetworkSettings[];
  readonly thread: EndpointThread;
  readonly processes: ProcessWatch;
  readonly log: Logger;
}

export interface OpenPools extends Pick<StartPlan, 'adopted' | 'orphans'> {
  readonly pools: Pools;
  readonly leaseFiles: LeaseFiles;
  readonly shelf: OpenShelf;
}

/**
 * Reads the records and the shelf, reconciles them with kernel and processes, and starts the pools on what is left. Rejects
 * with state_unusable, worker_failed and kernel_error.
 */
export async function openPools(options: OpenPoolsOptions): Promise<OpenPools> {
  const { config, state, networks, thread, log } = options;
  const { stateDir, site } = state;
  const files = new FileRecords(stateDir);
  const loaded = files.load((warning) =>
    log.warn(warning, 'a file in the state directory is not a valid record; it was set aside'),
  );
  const survey = await surveyStart({ kernel: thread, users: netnsUsers });
  const leaseFiles = new LeaseFiles(stateDir);
  // Clients go on taking from the shelf. It is read last, so a process inside an endpoint that was taken is seen with its lease.
  const { shelf, records, plan } = openShelf({
    stateDir,
    pools: config.pools,
    records: loaded,
    plan: (all) => planStart({ site, networks, records: all, ...survey }),
    files,
    log,
  });
  await carryOutStart(plan, { records, files, kernel: thread, log });
  const pools = makePools(options, { files, shelf, above: highestSeq(site, records, survey.found) });
  const { adopted, orphans } = plan;
  const leased = new Set([...adopted, ...orphans].map(({ lease }) => lease?.id));
  leaseFiles.removeEnded((leaseId) => leased.has(leaseId));
  // The last step that may fail: the caller closes pools that have started.
  pools.start(adopted);
  return { pools, leaseFiles, shelf, adopted, orphans };
}

/** How many addresses of the subnet endpoints may have: those of a pool that publishes ports have host ports as well. */
function capacityOf({ name, subnet }: { name: string; subnet: string }, networks: readonly NetworkSettings[]): number {
  const published = networks.find((network) => network.name === name)?.published;
  const addresses = endpointCapacity(parseSubnet(subnet));
  return published === undefined ? addresses : Math.min(addresses, addressesOf(published));
}

function makePools(
  { config, state, networks, thread, processes, log }: OpenPoolsOptions,
  { files, shelf, above }: { files: FileRecords; shelf: OpenShelf; above: number },
): Pools {
  const { stateDir } = state;
  const sequence = new FileSequence(stateDir, { above });
  const keepMs = 1000 * Math.max(...config.pools.map(({ addressCooldownSeconds }) => addressCooldownSeconds));
  const file = new CooldownFile(stateDir, { keepMs });
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
