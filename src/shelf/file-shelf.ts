import type { EndpointRecord, Shelf, ShelfNews, Trust } from '../pool/index.js';
import { takenLease } from './holder.js';
import type { RecoveredShelf } from './recover.js';
import { type Entry, type FoundOffer, isKey, offerText, type Place, type ShelfFolder } from './shelf-folder.js';

/** Where the entry of a lease is, and of which offer it was made. */
interface ShelfLease {
  readonly token: string;
  readonly leaseId: string;
  place: Place;
}

export interface FileShelfOptions {
  readonly folder: ShelfFolder;
  /** What a spec lets its container do; `unknown` where it is no spec. */
  readonly trustOf: (specText: string) => Trust;
  readonly newLeaseId: () => string;
  /** Whether containers of this pool are to see the lease's DNS settings as files. Default: of no pool. */
  readonly mountDns?: (pool: string) => boolean;
  readonly failed: (error: unknown, what: string) => void;
  /** Whether an entry appeared in `taken` or `returned` since the last call. Default: they are read each time. */
  readonly appeared?: () => boolean;
  /** Leases that an earlier daemon entered, by key. */
  readonly leases?: RecoveredShelf['leases'];
  /** What an earlier daemon laid out of ready endpoints and still lies there, by endpoint. */
  readonly offers?: ReadonlyMap<string, FoundOffer>;
}

/**
 * The shelf as a folder: an offer is a symbolic link, and to take one, or to give it back, is a rename, of which the kernel
 * lets one of several succeed. What cannot be done here is left undone, and clients ask the daemon then.
 */
export class FileShelf implements Shelf {
  readonly #folder: ShelfFolder;
  readonly #options: FileShelfOptions;
  readonly #leases = new Map<string, ShelfLease>();
  /** Containers that a mark of the daemon's own keeps from taking. */
  readonly #marked = new Set<string>();
  /** What could not be moved or removed, and is tried again with the next look. */
  readonly #unfinished = new Set<string>();
  readonly #ended = new Map<string, ShelfLease | undefined>();
  /** Paths of offers, by token. */
  readonly #paths = new Map<string, string>();
  readonly #adoptable: Map<string, FoundOffer>;
  /** No token comes twice, in this daemon's life or after it: what was left lying must not be taken for what lies there now. */
  #serial = Date.now() * 1000;
  #sawAll = false;

  constructor(options: FileShelfOptions) {
    this.#options = options;
    this.#folder = options.folder;
    this.#adoptable = new Map(options.offers);
    for (const [key, lease] of options.leases ?? []) this.#leases.set(key, { ...lease });
  }

  offer(record: EndpointRecord): string | null {
    const { id, pool, tenant } = record;
    this.#serial += 1;
    const token = `${id}.${this.#serial}`;
    const text = this.#textOf(record, token);
    if (text === null) return null;
    const path = this.#attempt('lay an endpoint out', () => this.#folder.offer({ pool, tenant, token, text }));
    if (path === undefined) return null;
    this.#paths.set(token, path);
    return token;
  }

  adopt(record: EndpointRecord): string | null {
    const found = this.#adoptable.get(record.id);
    if (found === undefined) return null;
    this.#adoptable.delete(record.id);
    this.#paths.set(found.token, found.path);
    const { token, path } = found;
    // The settings of its pool may have changed since. What a client has taken meanwhile it has as it was.
    const isOutdated = this.#attempt('read an offer', () => this.#folder.text(path) !== this.#textOf(record, token));
    return isOutdated && this.withdraw(token) ? null : token;
  }

  #textOf(record: EndpointRecord, token: string): string | null {
    return offerText(record, token, this.#options.mountDns?.(record.pool) ?? false);
  }

  withdraw(token: string): boolean {
    const path = this.#paths.get(token);
    if (path === undefined) return false;
    // Where it cannot be told, it counts as taken: it is not handed out twice.
    const done = this.#attempt('take an offer back', () => this.#folder.withdraw(path)) ?? false;
    if (done) this.#paths.delete(token);
    return done;
  }

  isOffered(token: string): boolean {
    const path = this.#paths.get(token);
    return path !== undefined && (this.#attempt('see what lies there', () => this.#folder.exists(path)) ?? true);
  }

  get sawAll(): boolean {
    return this.#sawAll;
  }

  collect(): ShelfNews[] {
    const appeared = this.#options.appeared?.() ?? true;
    if (this.#ended.size > 0) for (const key of [...this.#ended.keys()]) this.#forget(key);
    if (this.#unfinished.size > 0) this.setRecorded([...this.#unfinished]);
    // What could not be read is read again.
    if (!appeared && this.#sawAll) return [];
    this.#sawAll = true;
    return [...this.#news('taken'), ...this.#news('returned')];
  }

  #news(place: 'taken' | 'returned'): ShelfNews[] {
    const keys = this.#tryReading(() => this.#folder.entries(place));
    return keys.flatMap((key) => this.#tryReading(() => this.#newsOf(place, key)));
  }

  #tryReading<T>(look: () => T[]): T[] {
    const seen = this.#attempt('read what was taken', look);
    if (seen === undefined) this.#sawAll = false;
    return seen ?? [];
  }

  /** What cannot be read now is read with the next look. */
  #newsOf(place: 'taken' | 'returned', key: string): ShelfNews[] {
    const entry = this.#folder.entry(place, key);
    if (entry === undefined) return [];
    const lease = this.#leases.get(key);
    if (lease?.token !== entry.token) return [this.#enter(entry, place)];
    if (place === lease.place) return [];
    lease.place = place;
    return [
      { ...takenLease({ ...this.#options, key, holder: undefined }), key, taker: null, ...lease, returned: true },
    ];
  }

  /** A lease that is not in the books yet. */
  #enter({ key, token }: Entry, place: Place): ShelfNews {
    const holder = this.#folder.holder(key);
    const lease = takenLease({ ...this.#options, key, holder });
    this.#leases.set(key, { token, leaseId: lease.leaseId, place });
    this.#paths.delete(token);
    return { ...lease, key, token, taker: holder?.taker ?? null, returned: place === 'returned' };
  }

  setRecorded(keys: readonly string[]): void {
    for (const key of keys) {
      this.#unfinished.add(key);
      this.#attempt('enter a lease', () => {
        const lease = this.#leases.get(key);
        if (lease?.place === 'taken' && this.#folder.move(key, 'taken', 'standing')) lease.place = 'standing';
        if (lease !== undefined) this.#folder.shorten(key);
        this.#unfinished.delete(key);
      });
    }
  }

  mark(containerId: string): void {
    if (this.#leases.has(containerId) || this.#marked.has(containerId) || !isKey(containerId)) return;
    // What an earlier lease left is this one's mark.
    this.#ended.delete(containerId);
    this.#attempt('mark a container', () => {
      this.#folder.mark(containerId);
      this.#marked.add(containerId);
    });
  }

  markSeveral(containerId: string): void {
    if (isKey(containerId)) this.#attempt('mark a container', () => this.#folder.markSeveral(containerId));
  }

  end(key: string): void {
    const lease = this.#leases.get(key);
    this.#leases.delete(key);
    if (lease === undefined && !this.#marked.delete(key)) return;
    this.#ended.set(key, lease);
    this.#forget(key);
  }

  /** Marks again whom a mark of the daemon's own is to keep from taking, after the marks may have been lost. */
  restoreMarks(): void {
    for (const key of this.#marked) this.#attempt('mark a container', () => this.#folder.mark(key));
  }

  #forget(key: string): void {
    this.#attempt('forget a container', () => {
      const lease = this.#ended.get(key);
      // Its entry first: who finds no mark may take again, under the same name.
      if (lease !== undefined) {
        const places: Place[] = [lease.place, 'returned', 'standing'];
        places.some((place) => this.#folder.remove(place, key));
      }
      if (!this.#marked.has(key)) this.#folder.unmark(key);
      this.#ended.delete(key);
    });
  }

  /** Removes the marks of clients that were cut short before they took anything, and folders that are empty. */
  removeStaleMarks(olderThanMs: number): void {
    const now = Date.now();
    this.#attempt('look for marks', () => {
      for (const key of this.#folder.holders()) {
        if (this.#leases.has(key) || this.#marked.has(key)) continue;
        const sinceMs = this.#folder.markedSinceMs(key);
        if (sinceMs !== undefined && now - sinceMs > olderThanMs) this.#folder.unmark(key);
      }
      this.#folder.dropEmptyTenants();
    });
  }

  #attempt<T>(what: string, act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#options.failed(error, what);
      return undefined;
    }
  }
}
