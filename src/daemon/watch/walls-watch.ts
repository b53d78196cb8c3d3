import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import { toNetnsdError } from '../../errors.js';
import { Periodic } from '../../reconcile/index.js';

/** How often the rules in hubs are checked, in milliseconds. */
const INTERVAL_MS = 500;

interface WallsWatchOptions {
  readonly thread: Pick<EndpointThread, 'restoreWalls'>;
  readonly log: { warn(details: object, message: string): void };
  readonly intervalMs?: number;
}

/**
 * Has hubs whose rules others changed or removed get their own again. The kernel counts the changes of a namespace's rules, so a check is
 * one question a hub, whose answer is a number. Subscribing to its notifications would tell the same, and a socket of theirs is as many system
 * calls to look at; but every element of a tenant that netnsd changes itself would be announced, too.
 */
export class WallsWatch implements Disposable {
  readonly #periodic: Periodic;

  constructor({ thread, log, intervalMs = INTERVAL_MS }: WallsWatchOptions) {
    let failure = '';
    const task = async (): Promise<void> => {
      try {
        const hubs = await thread.restoreWalls();
        failure = '';
        if (hubs.length > 0) log.warn({ hubs }, 'the rules in hubs had been changed or removed: they are restored');
      } catch (error) {
        const { message } = toNetnsdError(error);
        if (message !== failure) log.warn({ err: error }, 'failed to restore the rules in hubs; retrying');
        failure = message;
      }
    };
    this.#periodic = new Periodic({ intervalMs, task });
  }

  [Symbol.dispose](): void {
    this.#periodic[Symbol.dispose]();
  }
}
