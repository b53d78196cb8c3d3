import type { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import { toNetnsdError } from '../../errors.js';
import type { Pools } from '../../pool/index.js';

interface RetiredWatchOptions {
  /** Names of the pools that are no longer configured. */
  readonly retired: ReadonlySet<string>;
  readonly pools: Pick<Pools, 'subscribe' | 'endRetired'>;
  readonly thread: Pick<EndpointThread, 'removeNetwork'>;
  /** Called when the network of a pool is gone. */
  readonly removed: (pool: string) => Promise<void>;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
}

/** Removes the network of each pool that is no longer configured, with the last endpoint that it had. */
export class RetiredWatch implements Disposable {
  readonly #options: RetiredWatchOptions;
  readonly #left: Set<string>;
  readonly #stop: () => void;

  constructor(options: RetiredWatchOptions) {
    this.#options = options;
    this.#left = new Set(options.retired);
    this.#stop = options.pools.subscribe(({ type, pool }) => {
      // The record goes with the event.
      if (type === 'destroyed' && this.#left.has(pool)) setImmediate(() => this.#check(pool));
    });
    for (const pool of this.#left) this.#check(pool);
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#left.clear();
  }

  #check(pool: string): void {
    const { pools } = this.#options;
    if (this.#left.has(pool) && pools.endRetired(pool)) void this.#remove(pool);
  }

  async #remove(pool: string): Promise<void> {
    const { thread, removed, log } = this.#options;
    this.#left.delete(pool);
    try {
      for (const link of await thread.removeNetwork(pool))
        log.warn({ pool, link }, 'failed to delete a link of the pool');
      await removed(pool);
      log.info({ pool }, 'the last lease of a pool that is no longer configured has ended: its network is removed');
    } catch (error) {
      log.warn(
        { err: toNetnsdError(error), pool },
        'failed to remove the network of a pool; the next start tries again',
      );
    }
  }
}
