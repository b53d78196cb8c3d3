import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { endpointCapacity, parseSubnet } from '../address/ipv4.js';
import { type Config, readConfig } from '../config/index.js';
import { ContainerGrafts } from '../containers/graft-container.js';
import { leaseBundle } from '../containers/lease-bundle.js';
import { LeaseDns } from '../containers/lease-dns.js';
import { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import type { NetworkSettings, Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { FileLock, lockHolder } from '../kernel/file-lock.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { notifyServiceManager, watchdogIntervalMs } from '../kernel/host/service-manager.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { startVault } from '../kernel/netns/vault-program.js';
import { groupId } from '../kernel/process/group.js';
import { keepYoungGenerationSmall } from '../kernel/process/heap.js';
import { peerOf } from '../kernel/process/peer.js';
import { ProcessWatch } from '../kernel/process/process-watch.js';
import { readSight } from '../kernel/process/sight.js';
import { type EndpointRecord, Pools, systemClock } from '../pool/index.js';
import { keepSweeping } from '../reconcile/graft-sweep.js';
import { leaseTimes } from '../reconcile/lease-watch.js';
import { Reconciler } from '../reconcile/reconciler.js';
import { recordVerdicts } from '../reconcile/record-verdicts.js';
import { Reconciling } from '../reconcile/schedule.js';
import { type Comparison, compare, highestSeq } from '../reconcile/startup.js';
import { destroyStrays } from '../reconcile/strays.js';
import { type OpenShelf, openShelf } from '../shelf/index.js';
import {
  CooldownFile,
  FileRecords,
  FileSequence,
  LeaseFiles,
  openStateDirectory,
  type RecordWarning,
} from '../state/index.js';
import { readVersion } from '../version.js';
import { PoolCooldowns, sayTightSubnets } from './address-cooldowns.js';
import { RestCollector } from './collect-at-rest.js';
import { connectionLimit } from './connection-limit.js';
import { makeLogger } from './logger.js';
import { assertPlaceSafe } from './place.js';
import { assertPrivileged, missingComforts } from './privileges.js';
import { untilSignalled } from './signals.js';
import { readFormerMounts, siteOf, writeSite } from './site-file.js';
import { VaultWatch } from './vault-watch.js';

export interface ServeOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Null: `/etc/netnsd/netnsd.toml` if it exists, otherwise defaults. */
  readonly configPath: string | null;
  /** These two, where not null, take precedence over the configuration. */
  readonly netnsDir: string | null;
  readonly logLevel: Config['logLevel'] | null;
}

/** Ports that endpoints take of one bridge; the rest of the kernel's 1 023 link the bridges of a group. */
const PORTS_PER_BRIDGE = 1000;
/** How long work under way may take to end at a shutdown, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Runs the daemon in the foreground until SIGTERM or SIGINT, then leaves every endpoint as it is: those that are leased
 * belong to running containers, the next daemon goes on with the rest. Resolves with the exit status. Throws what keeps
 * it from starting: missing_privilege, config_invalid, state_dir_locked, state_dir_unsafe, subnet_overlap, daemon_running.
 */
export async function serve(options: ServeOptions): Promise<number> {
  const startedAt = Date.now();
  assertPrivileged();
  const config = readConfig({ path: options.configPath });
  const log = await makeLogger(options.logLevel ?? config.logLevel);
  for (const { name, reason, without } of missingComforts())
    log.warn({ capability: name, without }, `netnsd lacks ${name} (to ${reason}) and does without`);
  const warnOfFile = (warning: RecordWarning): void =>
    log.warn(warning, "a file in the state directory is not netnsd's and was set aside");
  const stateDir = openStateDirectory(options.stateDir, warnOfFile);
  using _lock = lockStateDirectory(stateDir);
  const site = siteOf(stateDir, options.netnsDir ?? config.netnsDir);
  if (site.netnsDir !== null) assertPlaceSafe(site.netnsDir, 'netns_dir');
  const formerMounts = readFormerMounts(stateDir);
  if (formerMounts === undefined) writeSite(stateDir, site);
  await startVault(site.stateDir);
  const networks = config.pools.map((pool): NetworkSettings => ({ ...pool, portsPerBridge: PORTS_PER_BRIDGE }));
  await using thread = await EndpointThread.start({ site, networks, ...(formerMounts && { formerMounts }) });
  const failed = new Promise<NetnsdError>((resolve) => thread.onFailure(resolve));
  // The thread loads its code on a processor of its own: this one loads the API's meanwhile.
  const [{ closeApi, createApi, listenOnSocket }] = await Promise.all([import('../api/index.js'), thread.open()]);
  // Once more, since a thread has been started.
  keepYoungGenerationSmall();
  if (formerMounts !== undefined) {
    writeSite(stateDir, site);
    // Its folder was in the way of the link.
    await startVault(site.stateDir);
  }
  using processes = new ProcessWatch();
  using _vault = new VaultWatch({ stateDir: site.stateDir, processes, log });
  const started = await startPools({ config, stateDir, site, networks, thread, processes, log });
  const { pools, leaseFiles, adopted, orphans } = started;
  using shelf = started.shelf;
  // Also where the start fails from here on: what the pools are at must end before the thread does, and the process with it.
  await using _pools = { [Symbol.asyncDispose]: () => inTime(pools.close()) };
  shelf.watch(pools);
  const times = leaseTimes(config);
  const { monotonicMs } = systemClock;
  const reconciling = new Reconciling({
    reconciler: new Reconciler({ site, pools, kernel: thread, shelf, times, sight: readSight(), monotonicMs, orphans }),
    intervalMs: config.reconcileSeconds * 1000,
    log,
  });
  // What was done while no daemon ran is mended before anybody leases any of it.
  if (adopted.length > 0) await reconciling.tryOnce();
  const mountDns = (name: string): boolean => config.pools.some((pool) => pool.name === name && pool.mountDns);
  const dns = new LeaseDns({ pools, files: leaseFiles, mountDns, log });
  const grafts = new ContainerGrafts({
    pools,
    graft: (name, targetFd) => thread.graft(name, targetFd),
    users: netnsUsers,
    ownInode: statSync('/proc/self/ns/net').ino,
  });
  const api = await createApi({
    service: pools,
    log,
    version: readVersion(),
    startedAt,
    patchBundle: (request) => leaseBundle(pools, request, dns),
    dnsFiles: (leaseId, hostname) => dns.write(leaseId, hostname),
    graftContainer: (request) => grafts.graft(request),
    reconcile: (request) => reconciling.run(request),
    peerOf,
    maxConnections: connectionLimit(),
  });
  assertPlaceSafe(options.socketPath, '--socket');
  await listenOnSocket(api, {
    path: options.socketPath,
    groupId: groupId(config.socketGroup),
    mode: config.socketMode === null ? null : Number.parseInt(config.socketMode, 8),
  });
  log.info({ socket: options.socketPath, stateDir, pools: config.pools.map(({ name }) => name) }, 'netnsd is ready');
  const stopSweeping = keepSweeping({ pools, inventory: () => thread.inventory(), users: netnsUsers, log });
  reconciling.start();
  const watchdog = tellReady();
  using _collector = new RestCollector({ subscribe: (listener) => pools.subscribe(listener), kernel: thread });
  const ending = await Promise.race([untilSignalled(), failed]);
  notifyServiceManager('STOPPING=1');
  clearInterval(watchdog);
  stopSweeping();
  reconciling.stop();
  if (ending instanceof NetnsdError) log.fatal({ err: ending }, 'the kernel thread failed');
  else log.info({ signal: ending }, 'stopping; leased endpoints stay as they are');
  await inTime(Promise.all([pools.close(), closeApi(api, { deadlineMs: GRACE_MS / 2 })]));
  return ending instanceof NetnsdError ? 1 : 0;
}

function lockStateDirectory(stateDir: string): FileLock {
  const path = join(stateDir, 'lock');
  const lock = FileLock.acquire(path);
  if (lock !== undefined) return lock;
  const pid = lockHolder(path);
  const message = `another daemon (pid ${pid ?? 'unknown'}) runs on ${stateDir}: end it, or choose another folder with --state-dir`;
  throw new NetnsdError('state_dir_locked', message, { details: { stateDir, pid } });
}

/** Takes over what an earlier daemon left, removes what belongs to nobody, and starts the pools. */
async function startPools(options: {
  config: Config;
  stateDir: string;
  site: Site;
  networks: readonly NetworkSettings[];
  thread: EndpointThread;
  processes: ProcessWatch;
  log: Logger;
}): Promise<{
  pools: Pools;
  leaseFiles: LeaseFiles;
  shelf: OpenShelf;
  adopted: readonly EndpointRecord[];
  orphans: readonly EndpointRecord[];
}> {
  const { config, stateDir, site, networks, thread, processes, log } = options;
  const files = new FileRecords(stateDir);
  const loaded = files.load((warning) =>
    log.warn(warning, 'a file in the state directory is no record and was set aside'),
  );
  const found = await thread.inventory();
  const users = netnsUsers();
  const leaseFiles = new LeaseFiles(stateDir);
  // Clients go on taking from the shelf. It is read last, so that who is inside of what was taken is seen with its lease.
  let compared: Comparison | undefined;
  const keeps = (all: readonly EndpointRecord[]) => {
    compared = compare({ site, networks, records: all, found, users });
    return compared.adopted;
  };
  const shelf = openShelf({ stateDir, pools: config.pools, records: loaded, keeps, files, log });
  const { records } = shelf;
  const { adopted, strays, staleBridges, orphans } = compared as Comparison;
  for (const { id, pool } of orphans)
    log.warn({ endpoint: id, pool }, 'a lease stays although its pool is no longer configured');
  if (strays.length > 0) log.info({ count: strays.length }, 'removing endpoints that no record speaks of');
  const outcomes = await destroyStrays(thread, strays);
  for (const [position, stray] of strays.entries()) {
    const outcome = outcomes[position];
    const record = records.find(({ id }) => id === stray.id);
    if (outcome?.ok === false) log.warn({ err: outcome.error }, 'a stray endpoint stays');
    else if (record !== undefined) files.remove(record, record.state);
  }
  for (const name of await thread.removeLinks(staleBridges))
    log.warn({ bridge: name }, 'a bridge of a former pool stays');
  await thread.adopt(adopted);
  recordVerdicts({
    records: files,
    found: records,
    adopted,
    failed: ({ id, state }, error) => log.warn({ err: error, endpoint: id, state }, 'a record could not be written'),
  });
  const sequence = new FileSequence(stateDir, { above: highestSeq(site, records, found) });
  sayTightSubnets(config.pools, log);
  const keepMs = 1000 * Math.max(...config.pools.map(({ addressCooldownSeconds }) => addressCooldownSeconds));
  const pools = new Pools({
    pools: config.pools.map((pool) => ({
      settings: { ...pool, capacity: endpointCapacity(parseSubnet(pool.subnet)) },
      subnet: pool.subnet,
    })),
    endpoints: thread,
    records: files,
    addressCooldowns: new PoolCooldowns({ pools: config.pools, file: new CooldownFile(stateDir, { keepMs }), log }),
    nextSeq: () => sequence.next(),
    isBusy: () => isProcessorShort(),
    processes,
    shelf: shelf.shelf,
    log,
  });
  const outlived = new Set([...adopted, ...orphans].map(({ lease }) => lease?.id));
  leaseFiles.sweep((leaseId) => outlived.has(leaseId));
  // The last that may fail here: pools that are at work are for the caller to close.
  pools.start(adopted);
  return { pools, leaseFiles, shelf, adopted, orphans };
}

function tellReady(): NodeJS.Timeout | undefined {
  notifyServiceManager('READY=1');
  const intervalMs = watchdogIntervalMs();
  return intervalMs === null ? undefined : setInterval(() => notifyServiceManager('WATCHDOG=1'), intervalMs);
}

/** Resolves when `work` has ended, or after the time that it may take. */
async function inTime(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, delay(GRACE_MS, undefined, { ref: false })]);
}
