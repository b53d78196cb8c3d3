import type { Worker } from 'node:worker_threads';
import { serve } from './daemon/serve.js';
import { runProcess } from './process.js';

/** Runs the command line of this process, which is `netnsd serve`. `worker` is loading the kernel thread's code. */
export function runDaemon(worker: Worker): Promise<void> {
  return runProcess({ serve: (options) => serve(options, worker) });
}
