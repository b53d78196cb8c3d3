import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Of the thread's heap, in MiB: it holds little for long. */
export const HEAP_LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Starts a thread that loads the code of the kernel thread and does nothing: it is told more by `EndpointThread.start`, and does not
 * keep the process until then. Loading takes longer than all that the daemon does before it needs the thread.
 */
export function startWorker(): Worker {
  const worker = new Worker(new URL('./thread-main.js', import.meta.url), {
    name: 'kernel',
    resourceLimits: HEAP_LIMITS,
  });
  worker.unref();
  return worker;
}

/**
 * Ends a thread that `EndpointThread.start` was never called for, and resolves when it has ended. A process that ends while the
 * thread loads native code is aborted.
 */
export async function endUnused(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = once(worker, 'exit');
  worker.ref();
  worker.postMessage(null);
  await ended;
}
