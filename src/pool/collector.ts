import type { Held } from './lease-table.js';
import type { PoolLog } from './log.js';
import type { Shelf, ShelfNews } from './shelf.js';
import type { Records } from './types.js';

interface CollectorOptions {
  readonly shelf: Shelf | undefined;
  readonly records: Pick<Records, 'committed'>;
  readonly log: PoolLog;
  /** Makes the lease of what was taken; undefined where there is no such offer (any more). */
  readonly claim: (news: ShelfNews) => Held | undefined;
  /** Ends a lease; false where it has ended. */
  readonly release: (leaseId: string) => boolean;
}

/**
 * Brings what was taken from the shelf and given back into the pools' books. Whoever asks the pools for anything has it done
 * first, so that nobody can tell when it was done: a lease from the shelf stands for everybody as soon as it was taken.
 */
export class Collector {
  readonly #options: CollectorOptions;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  collect(): void {
    const { shelf } = this.#options;
    const news = shelf?.collect() ?? [];
    if (shelf === undefined || news.length === 0) return;
    const taken = news.filter((one) => this.#enter(one));
    if (taken.length > 0) void this.#settle(shelf, taken);
  }

  /** True for a lease that stands from now on. */
  #enter(news: ShelfNews): boolean {
    const { claim, release, shelf, log } = this.#options;
    const { containerId, leaseId, returned, pid } = news;
    if (returned && release(leaseId)) return false;
    const held = claim(news);
    if (held === undefined) {
      // What a daemon before this one, or a lease that has ended, left behind.
      shelf?.letGo(containerId);
      return false;
    }
    const { pool, tenant, source } = held.lease;
    log.info({ lease: leaseId, pool, containerId, tenant, source, pid, uid: 0, gid: 0 }, 'leased');
    if (returned) release(leaseId);
    return !returned;
  }

  /** What could not be recorded stays on the shelf, for the next start to find. */
  async #settle(shelf: Shelf, taken: readonly ShelfNews[]): Promise<void> {
    try {
      await this.#options.records.committed();
      shelf.settle(taken.map(({ containerId }) => containerId));
    } catch {
      // The pools' own trouble tells of it.
    }
  }
}
