import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Who waited for the daemon to start is answered before it warms up, which takes a while; in milliseconds. */
const AFTER_MS = 100;

interface Log {
  debug(details: object, message: string): void;
}

/**
 * Has the request path run warm a little after the start, see `warmUp`. Disposed, it cuts that short and waits for its end: the
 * state directory is not the daemon's any more then. `done` is called once it is over.
 */
export function warmUpSoon(options: { stateDir: string; log: Log; done?: () => void }): AsyncDisposable {
  const { stateDir, log } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const run = async (): Promise<void> => {
    await Promise.race([delay(AFTER_MS, undefined, { ref: false }), once(signal, 'abort')]);
    if (signal.aborted) return;
    const { warmUp } = await import('./warm-up.js');
    await warmUp(stateDir, signal);
    options.done?.();
  };
  // Only a matter of speed: what keeps it from running is no reason to fail.
  const done = run().catch((error: unknown) => log.debug({ err: error }, 'the request path was not run warm'));
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await done;
    },
  };
}
