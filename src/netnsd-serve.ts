import { startWorker } from './endpoint/thread/start-worker.js';
import { shedPrivileges } from './kernel/process/shed-privileges.js';

// The daemon executes itself anew for this where the native program netnsd has not done it, so it comes before all else is loaded.
void shedPrivileges().then(async () => {
  // Loads its code while this thread loads the rest.
  const worker = startWorker();
  const { runProcess } = await import('./process.js');
  await runProcess({ serve: async (options) => (await import('./daemon/serve.js')).serve(options, worker) });
});
