import { setTimeout as delay } from 'node:timers/promises';
import { assertSocketFree } from '../api/listen.js';
import type { Config } from '../config/index.js';
import { EndpointThread } from '../endpoint/thread/endpoint-thread.js';
import { startWorker } from '../endpoint/thread/start-worker.js';
import type { NetnsdError } from '../errors.js';
import { keepMemorySmall } from '../kernel/process/heap.js';
import { Grace } from './grace.js';
import { openLog } from './log/logger.js';
import { planNetworks } from './open/open-networks.js';
import { openState } from './open/open-state.js';
import { assertPrivileged } from './privileges.js';
import { Reload } from './reload/reload.js';
import { extendStart } from './service-manager.js';
import { type Daemon, runSession, type SessionEnd } from './session.js';
import { readSettings, type ServeOptions } from './settings.js';
import { Signals } from './signals.js';
import { warnAtStart } from './start-warnings.js';
import { Watchdog } from './watch/watchdog.js';

/** How long closing the kernel thread may take where nothing was served. */
const GRACE_MS = 10_000;
/** As of a program that SIGINT ended. `netnsd down` sends that, and a service manager does not start the daemon again after it. */
const INTERRUPTED = 130;

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
  const reload = new Reload(options, log);
  using signals = new Signals({ log, reload: () => reload.bySignal() });
  using starting = extendStart();
  using watchdog = new Watchdog();
  const warnings = warnAtStart(config, log);

  // All that may refuse the start, then the state directory, the vault and the kernel thread. The thread loads its code on a
  // processor of its own; this one loads the API meanwhile.
  const { stateDir, socketPath } = options;
  using state = await openState({ stateDir, socketPath, config, assertSocketFree, log });
  const planned = planNetworks(state.site.stateDir, config);
  const { networks } = planned;
  const thread = await EndpointThread.start({ site: state.site, networks, formerMounts: state.formerMounts }, worker);
  const shutdown = { grace: new Grace(() => delay(GRACE_MS, undefined, { ref: false })) };
  await using _thread = {
    [Symbol.asyncDispose]: () =>
      shutdown.grace
        .closing(
          () => thread.close(),
          () => thread.terminate(),
        )
        [Symbol.asyncDispose](),
  };
  const failed = new Promise<NetnsdError>((resolve) => thread.onFailure(resolve));
  const [api] = await Promise.all([import('../api/index.js'), thread.openVault()]);
  const daemon: Daemon = {
    socketPath,
    startedAt,
    state,
    thread,
    failed,
    api,
    signals,
    reload,
    warnings,
    log,
    shutdown,
    starting,
    watchdog,
  };
  // Not before: a heap that may not grow makes loading take twice as long.
  keepMemorySmall();
  await state.tookOver();
  // Nothing refuses the start from here on.
  let ending = await runSession(daemon, { config, planned });
  while (typeof ending === 'object' && 'reopen' in ending) {
    ending = await reopen(daemon, ending.reopen);
  }
  if (ending === 'SIGINT') return INTERRUPTED;
  return typeof ending === 'string' ? 0 : 1;
}

/** Goes on with another configuration; where that cannot be opened after all, with the one before. */
async function reopen(daemon: Daemon, wanted: Config): Promise<SessionEnd> {
  const { reload, state, thread } = daemon;
  const former = reload.served;
  const run = async (config: Config): Promise<SessionEnd> => {
    const planned = planNetworks(state.site.stateDir, config);
    await thread.configure(planned.networks);
    return await runSession(daemon, { config, planned });
  };
  try {
    return await run(wanted);
  } catch (error) {
    if (former === null || reload.served !== former) throw error;
    reload.failed(error);
    return await run(former);
  }
}
