import type { Logger } from 'pino';
import { endpointCapacity, parseSubnet } from '../address/ipv4.js';
import type { Config } from '../config/index.js';
import type { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import type { NetworkSettings } from '../endpoint/types.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import type { ProcessWatch } from '../kernel/process/process-watch.js';
import { Pools } from '../pool/index.js';
import { reconcileAtStart, type Started } from '../reconcile/index.js';
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

export interface OpenPools extends Pick<Started, 'adopted' | 'orphans'> {
  readonly pools: Pools;
  readonly records: FileRecords;
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
  const records = new FileRecords(stateDir, { isBusy: () => isProcessorShort() });
  const loaded = records.load((warning) =>
    log.warn(warning, 'a file in the state directory is not a valid record; it was set aside'),
  );
  const shelf = openShelf({ stateDir, pools: config.pools, records: loaded, files: records, log });
  const started = await reconcileAtStart({
    site,
    networks,
    records: shelf.records,
    files: records,
    kernel: thread,
    users: netnsUsers,
    log,
  });
  const pools = makePools(options, { records, shelf, above: started.highestSeq });
  const { adopted, orphans } = started;
  const leaseFiles = new LeaseFiles(stateDir);
  const leased = new Set([...adopted, ...orphans].map(({ lease }) => lease?.id));
  leaseFiles.removeEnded((leaseId) => leased.has(leaseId));
  // The last step that may fail: the caller closes pools that have started.
  pools.start(adopted);
  return { pools, records, leaseFiles, shelf, adopted, orphans };
}

function makePools(
  { config, state, thread, processes, log }: OpenPoolsOptions,
  { records, shelf, above }: { records: FileRecords; shelf: OpenShelf; above: number },
): Pools {
  const { stateDir } = state;
  const sequence = new FileSequence(stateDir, { above });
  const keepMs = 1000 * Math.max(...config.pools.map(({ addressCooldownSeconds }) => addressCooldownSeconds));
  const file = new CooldownFile(stateDir, { keepMs });
  return new Pools({
    pools: config.pools.map((pool) => ({
      settings: { ...pool, capacity: endpointCapacity(parseSubnet(pool.subnet)), onShelf: !pool.mountDns },
      subnet: pool.subnet,
    })),
    endpoints: thread,
    records,
    rests: new FileAddressCooldowns({ pools: config.pools, file, log }),
    nextSeq: () => sequence.next(),
    isBusy: () => isProcessorShort(),
    processes,
    shelf: shelf.shelf,
    log,
  });
}
