import type { Held } from './lease/lease-table.js';
import type { PoolLog } from './log.js';
import { type Shelf, type ShelfNews, shelfKey } from './shelf.js';
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
  /** Leases that could not be committed, by key. */
  readonly #uncommitted = new Map<string, Held>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  collect(): void {
    const { shelf } = this.#options;
    if (shelf === undefined) return;
    const entered = shelf.collect().flatMap((news) => this.#enter(shelf, news));
    if (entered.length > 0) void this.#commit(shelf, entered);
    if (this.#uncommitted.size > 0) this.#settleLate(shelf);
  }

  /** The lease that stands from now on, if any. */
  #enter(shelf: Shelf, news: ShelfNews): Held[] {
    const { claim, release, log } = this.#options;
    const { key, containerId, leaseId, returned, pid } = news;
    if (returned && release(leaseId)) return [];
    const held = claim(news);
    if (held === undefined) {
      // What a daemon before this one, or a lease that has ended, left behind.
      shelf.letGo(key);
      return [];
    }
    const { pool, tenant, source } = held.lease;
    log.info({ lease: leaseId, pool, containerId, tenant, source, pid, uid: 0, gid: 0 }, 'leased');
    if (!returned) return [held];
    release(leaseId);
    return [];
  }

  /** Until it is recorded a lease stays on the shelf as it is, for the next start to find. */
  async #commit(shelf: Shelf, entered: readonly Held[]): Promise<void> {
    try {
      await this.#options.records.committed();
      shelf.settle(entered.map(({ lease }) => shelfKey(lease)));
    } catch (error) {
      for (const held of entered) {
        this.#uncommitted.set(shelfKey(held.lease), held);
        held.owner.unrecorded(held, error);
      }
    }
  }

  #settleLate(shelf: Shelf): void {
    for (const [key, { endpoint, lease }] of this.#uncommitted) {
      const stands = endpoint.record.lease?.id === lease.id;
      if (stands && endpoint.recordedState !== 'leased') continue;
      this.#uncommitted.delete(key);
      if (stands) shelf.settle([key]);
    }
  }
}
