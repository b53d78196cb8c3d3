import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import type { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import type { NetnsdError } from '../errors.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { IdleCollector } from '../kernel/process/idle-collector.js';
import { ProcessWatch } from '../kernel/process/process-watch.js';
import { Deferral, systemClock } from '../pool/index.js';
import { watchGrafts } from '../reconcile/index.js';
import { Grace } from './grace.js';
import { HostRules } from './host/host-rules.js';
import { PortMappings } from './host/port-mappings.js';
import { type ApiRoom, openApi } from './open/open-api.js';
import { type PlannedNetworks, readEgressMtu } from './open/open-networks.js';
import { openPools } from './open/open-pools.js';
import { openReconcile } from './open/open-reconcile.js';
import { checkConfig, type OpenState } from './open/open-state.js';
import type { Reload } from './reload/reload.js';
import { warnOfMissingSeals } from './seal-warning.js';
import { reportReady, reportStopping } from './service-manager.js';
import type { Signals } from './signals.js';
import { MtuWatch } from './watch/mtu-watch.js';
import { PlaceWatch } from './watch/place-watch.js';
import { RetiredWatch } from './watch/retired-watch.js';
import { VaultWatch } from './watch/vault-watch.js';
import { WallsWatch } from './watch/walls-watch.js';
import type { Watchdog } from './watch/watchdog.js';

/** How often it is checked whether the processors are free for a collection of garbage, in milliseconds. */
const IDLE_CHECK_MS = 2000;
/** How long a shutdown waits for work in flight, in milliseconds: requests, builds, the kernel thread. */
const GRACE_MS = 10_000;

/** What outlives a reload. */
export interface Daemon {
  readonly socketPath: string;
  readonly startedAt: number;
  readonly state: OpenState;
  readonly thread: EndpointThread;
  /** Resolves when the kernel thread has failed. */
  readonly failed: Promise<NetnsdError>;
  readonly api: ApiRoom;
  readonly signals: Signals;
  readonly reload: Reload;
  /** What `netnsd status` warns of. */
  readonly warnings: readonly string[];
  readonly log: Logger;
  /** The time that closing all of it may take; of each session anew. */
  readonly shutdown: { grace: Grace };
  /** Ends when it serves. */
  readonly starting: Disposable;
  readonly watchdog: Watchdog;
}

/** Why a session ends: a signal, a failure, or a configuration with which the next one is to begin. */
export type SessionEnd = NodeJS.Signals | NetnsdError | { readonly reopen: Config };

/**
 * Opens the pools of a configuration and serves them until a signal, a failure or a reload. Endpoints stay as they are: what comes
 * next takes them over, the next session as the next daemon. Rejects with what keeps it from opening.
 */
export async function runSession(
  daemon: Daemon,
  { config, planned }: { config: Config; planned: PlannedNetworks },
): Promise<SessionEnd> {
  const { socketPath, startedAt, state, thread, failed, api, signals, reload, log } = daemon;
  const { networks, portPlans } = planned;
  const grace = new Grace(() => delay(GRACE_MS, undefined, { ref: false }));
  daemon.shutdown.grace = grace;
  // The rules are made by another process meanwhile.
  using hostRules = new HostRules({ site: state.site, portPlans, mappings: new PortMappings(state.site), log });
  const rulesMade = hostRules.open(config.pools);
  rulesMade.catch(() => {});
  const warnings = [...daemon.warnings];
  // The socket holds requests until all is taken over.
  await using server = await openApi({
    api,
    config,
    socketPath,
    startedAt,
    state,
    thread,
    reload,
    planned,
    warnings,
    log,
  });

  // Records, shelf, pools. If a later step fails, what the pools do ends before the thread does.
  using processes = new ProcessWatch();
  using _vault = new VaultWatch({ stateDir: state.site.stateDir, processes, log });
  const opened = await openPools({ config, state, networks, thread, processes, log });
  const { pools } = opened;
  using shelf = opened.shelf;
  await using _pools = grace.closing(() => pools.close());
  shelf.watch(pools);
  try {
    await rulesMade;
    // Leases of pools that are no longer configured keep their way out.
    if (opened.config.pools.length > config.pools.length) await hostRules.open(opened.config.pools);
  } catch (error) {
    // Leases that stand are served without them, as when a running daemon's rules are removed.
    if (opened.adopted.every(({ state }) => state !== 'leased')) throw error;
    hostRules.retry(error);
  }
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
  const gone = new Set<string>();
  using retired = new RetiredWatch({
    ...{ retired: opened.retired, pools, thread, log },
    removed: (pool) => {
      gone.add(pool);
      return hostRules.open(opened.config.pools.filter(({ name }) => !gone.has(name)));
    },
  });
  using mtu = new MtuWatch({
    ...{ mtuBytes: planned.egressMtuBytes, read: readEgressMtu, log },
    changed: () => reload.again(),
  });
  using walls = new WallsWatch({ thread, log });
  signals.serving();
  reportReady();
  daemon.starting[Symbol.dispose]();
  using answering = daemon.watchdog.watch(socketPath);
  const reopen = new Promise<SessionEnd>((resolve) =>
    reload.serving({
      config,
      pools,
      check: (wanted) => checkConfig({ config: wanted, state, records: pools.records() }),
      reopen: (wanted) => resolve({ reopen: wanted }),
    }),
  );
  const ending = await Promise.race([signals.ending, failed, place.lost, reopen]);

  // Shutdown.
  if (typeof ending === 'string' || ending instanceof Error) reportStopping();
  for (const background of [answering, place, mtu, walls, retired, grafts, reconcile]) background[Symbol.dispose]();
  logEnding(ending, log);
  await grace.within(Promise.all([pools.close(), server.close({ deadlineMs: GRACE_MS / 2 })]));
  return ending;
}

function logEnding(ending: SessionEnd, log: Logger): void {
  if (ending instanceof Error)
    log.fatal(
      { err: ending },
      ending.code === 'worker_failed' ? 'the kernel thread failed' : 'the daemon has lost its place; stopping',
    );
  else if (typeof ending === 'string') log.info({ signal: ending }, 'stopping; leased endpoints stay as they are');
  else log.info('opening the pools anew; leased endpoints stay as they are');
}
