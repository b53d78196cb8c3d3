import { request } from 'node:http';
import { notifyServiceManager, watchdogIntervalMs } from '../../kernel/host/service-manager.js';

/** Nothing accepts connections at the socket. Other errors come of a daemon that is short of descriptors or closes the connection: it lives. */
const DEAF: readonly string[] = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'EAGAIN'];

interface WatchdogOptions {
  /** How often the service manager wants to be told, at least; null if it does not. */
  readonly intervalMs?: number | null;
  readonly feed?: () => void;
}

/**
 * Feeds the watchdog of the service manager: while the pools are opened or closed, because this thread still turns; otherwise,
 * because the socket answers.
 */
export class Watchdog implements Disposable {
  readonly #intervalMs: number;
  readonly #feed: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #socketPath: string | undefined;

  constructor({ intervalMs = watchdogIntervalMs(), feed = feedServiceManager }: WatchdogOptions = {}) {
    this.#intervalMs = intervalMs ?? 0;
    this.#feed = feed;
    // Twice as often: the answer may take one interval.
    if (intervalMs !== null) this.#timer = setInterval(() => void this.#turn(), intervalMs / 2);
  }

  /** From now on, until disposed, only an answer at the socket feeds. */
  watch(socketPath: string): Disposable {
    this.#socketPath = socketPath;
    return {
      [Symbol.dispose]: () => {
        this.#socketPath = undefined;
      },
    };
  }

  async #turn(): Promise<void> {
    const path = this.#socketPath;
    if (path === undefined || (await answersAt(path, this.#intervalMs))) this.#feed();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function feedServiceManager(): void {
  notifyServiceManager('WATCHDOG=1');
}

/** Whether the socket answers within the deadline; a connection that is accepted and closed counts. */
function answersAt(socketPath: string, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, path: '/healthz', agent: false, timeout: deadlineMs }, (response) => {
      response.resume();
      resolve(true);
    });
    sent.on('timeout', () => {
      resolve(false);
      sent.destroy();
    });
    sent.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(!DEAF.includes(code)));
    sent.end();
  });
}
