import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { assertSocketFree } from '../api/listen.js';
import { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import { startWorker } from '../endpoint/thread/start-worker.js';
import type { NetworkSettings } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { keepMemorySmall } from '../kernel/process/heap.js';
import { IdleCollector } from '../kernel/process/idle-collector.js';
import { ProcessWatch } from '../kernel/process/process-watch.js';
import { Deferral, systemClock } from '../pool/index.js';
import { watchGrafts } from '../reconcile/index.js';
import { Grace } from './grace.js';
import { HostRules } from './host/host-rules.js';
import { PortMappings } from './host/port-mappings.js';
import { openPortPlans } from './host/published-ports.js';
import { openLog } from './log/logger.js';
import { openApi } from './open/open-api.js';
import { openPools } from './open/open-pools.js';
import { openReconcile } from './open/open-reconcile.js';
import { openState } from './open/open-state.js';
import { assertPrivileged } from './privileges.js';
import { warnOfMissingSeals } from './seal-warning.js';
import { reportReady, reportStopping } from './service-manager.js';
import { readSettings, reloadLogLevel, type ServeOptions } from './settings.js';
import { Signals } from './signals.js';
import { warnAtStart } from './start-warnings.js';
import { PlaceWatch } from './watch/place-watch.js';
import { VaultWatch } from './watch/vault-watch.js';

/** A bridge has 1 023 ports: one is the uplink. */
const ENDPOINTS_PER_HUB = 1000;
/** How often it is checked whether the processors are free for a collection of garbage, in milliseconds. */
const IDLE_CHECK_MS = 2000;
/** How long a shutdown waits for work in flight, in milliseconds: requests, builds, the kernel thread. */
const GRACE_MS = 10_000;

/**
 * Runs the daemon in the foreground until a signal ends it, and leaves every endpoint as it is: leased ones belong to running
 * containers, and the next daemon takes over the others. Resolves with the exit status. Throws what keeps it from starting:
 * missing_privilege, config_invalid, state_dir_locked, state_dir_unsafe, subnet_overlap, daemon_running.
 */
export async function serve(options: ServeOptions, worker = startWorker()): Promise<number> {
  const startedAt = Date.now();
  // Configuration, log, signals.
  assertPrivileged();
  const config = readSettings(options);
  await using opening = await openLog(config.logLevel);
  const { log } = opening;
  using signals = new Signals({ log, reload: () => reloadLogLevel(options, log) });
  const warnings = warnAtStart(config, log);

  // All that may refuse the start, then the state directory, the vault and the kernel thread. The thread loads its code on a
  // processor of its own; this one loads the API meanwhile.
  const { stateDir, socketPath } = options;
  using state = await openState({ stateDir, socketPath, config, assertSocketFree, log });
  const portPlans = openPortPlans(state.site.stateDir, config.pools);
  const networks = config.pools.map((pool): NetworkSettings => {
    const published = portPlans.get(pool.name);
    return { ...pool, endpointsPerHub: ENDPOINTS_PER_HUB, ...(published === undefined ? {} : { published }) };
  });
  const thread = await EndpointThread.start({ site: state.site, networks, formerMounts: state.formerMounts }, worker);
  const grace = new Grace(() => delay(GRACE_MS, undefined, { ref: false }));
  await using _thread = grace.closing(
    () => thread.close(),
    () => thread.terminate(),
  );
  const failed = new Promise<NetnsdError>((resolve) => thread.onFailure(resolve));
  const [api] = await Promise.all([import('../api/index.js'), thread.openVault()]);
  // Not before: a heap that may not grow makes loading take twice as long.
  keepMemorySmall();
  await state.tookOver();
  // Nothing refuses the start from here on. The rules are made by another process; the socket holds requests until all is taken over.
  using hostRules = new HostRules({ site: state.site, portPlans, mappings: new PortMappings(state.site), log });
  const rulesMade = hostRules.open(config.pools);
  rulesMade.catch(() => {});
  await using server = await openApi({ api, config, socketPath, startedAt, state, thread, warnings, log });

  // Records, shelf, pools. If a later step fails, what the pools do ends before the thread does.
  using processes = new ProcessWatch();
  using _vault = new VaultWatch({ stateDir: state.site.stateDir, processes, log });
  const opened = await openPools({ config, state, networks, thread, processes, log });
  const { pools } = opened;
  using shelf = opened.shelf;
  await using _pools = grace.closing(() => pools.close());
  shelf.watch(pools);
  await rulesMade;
  // Leases of pools that are no longer configured keep their way out.
  if (opened.config.pools.length > config.pools.length) await hostRules.open(opened.config.pools);
  hostRules.follow(pools);

  // Reconcile, then let requests in.
  using reconcile = await openReconcile({ state, opened, thread, log });
  server.start({ opened, reconcile });
  log.info(
    { socket: socketPath, stateDir: state.stateDir, pools: config.pools.map(({ name }) => name) },
    'netnsd is ready',
  );

  // While it runs.
  using grafts = watchGrafts({ site: state.site, pools, inventory: () => thread.inventory(), users: netnsUsers, log });
  reconcile.start();
  void warnOfMissingSeals(thread, log).then((why) => why !== null && warnings.push(why));
  using watchdog = reportReady();
  using _collector = new IdleCollector({
    subscribe: (listener) => pools.subscribe(listener),
    thread,
    deferral: new Deferral({
      clock: systemClock,
      isBusy: isProcessorShort,
      longestMs: Infinity,
      checkMs: IDLE_CHECK_MS,
    }),
  });
  using place = new PlaceWatch({
    state,
    rewrite: opened.rewrite,
    socketPath,
    listenAgain: server.listenAgain,
    log,
  });
  signals.serving();
  const ending = await Promise.race([signals.ending, failed, place.lost]);

  // Shutdown.
  reportStopping();
  for (const background of [place, watchdog, grafts, reconcile]) background[Symbol.dispose]();
  logEnding(ending, log);
  await grace.within(Promise.all([pools.close(), server.close({ deadlineMs: GRACE_MS / 2 })]));
  return ending instanceof NetnsdError ? 1 : 0;
}

function logEnding(ending: NodeJS.Signals | NetnsdError, log: Logger): void {
  if (ending instanceof NetnsdError)
    log.fatal(
      { err: ending },
      ending.code === 'worker_failed' ? 'the kernel thread failed' : 'the daemon has lost its place; stopping',
    );
  else log.info({ signal: ending }, 'stopping; leased endpoints stay as they are');
}
