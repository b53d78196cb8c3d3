import { fileURLToPath } from 'node:url';
import { runCode } from './code/cache.js';
import { endUnused, startWorker } from './endpoint/thread/start-worker.js';
import { shedPrivileges } from './kernel/process/shed-privileges.js';

type Daemon = typeof import('./netnsd-daemon.js');

// The daemon executes itself anew for this where the native program netnsd has not done it, so it comes before all else is loaded.
void shedPrivileges().then(async () => {
  // Loads its code while this thread loads the rest.
  const worker = startWorker();
  // Beside this file where both are bundled.
  const { runDaemon } = runCode(fileURLToPath(new URL('./netnsd-daemon.code.js', import.meta.url))) as Daemon;
  await runDaemon(worker);
  await endUnused(worker);
});
