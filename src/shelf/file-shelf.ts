import type { EndpointRecord, Shelf, ShelfNews, Trust } from '../pool/index.js';
import { type Entry, isKey, type Place, type ShelfFolder } from './shelf-folder.js';

/** Where the entry of a container's lease is, and of which offer it was made. */
interface Standing {
  readonly token: string;
  readonly leaseId: string;
  place: Place;
}

export interface FileShelfOptions {
  readonly folder: ShelfFolder;
  /** What a spec lets its container do; `unknown` where it is no spec. */
  readonly trustOf: (specText: string) => Trust;
  readonly newLeaseId: () => string;
  readonly failed: (error: unknown, what: string) => void;
  /** Leases that an earlier daemon entered, by container. */
  readonly standing?: ReadonlyMap<string, { readonly token: string; readonly leaseId: string }>;
}

/**
 * The shelf as a folder: an offer is a symbolic link, and to take one, or to give it back, is a rename, of which the kernel
 * lets one of several succeed. What cannot be done here is left undone, and the containers ask the daemon then.
 */
export class FileShelf implements Shelf {
  readonly #folder: ShelfFolder;
  readonly #options: FileShelfOptions;
  readonly #standing = new Map<string, Standing>();
  /** Whom a marker of the daemon's own keeps from taking. */
  readonly #held = new Set<string>();
  /** What could not be moved or removed, and is tried again with the next look. */
  readonly #unsettled = new Set<string>();
  readonly #ended = new Map<string, Standing | undefined>();
  /** No token comes twice, in this daemon's life or after it: what was left lying must not be taken for what lies there now. */
  #serial = Date.now() * 1000;
  #sawAll = false;

  constructor(options: FileShelfOptions) {
    this.#options = options;
    this.#folder = options.folder;
    for (const [key, { token, leaseId }] of options.standing ?? [])
      this.#standing.set(key, { token, leaseId, place: 'standing' });
  }

  offer(record: EndpointRecord): string | null {
    const { id, pool, facts } = record;
    const address = facts?.addresses[0]?.address;
    if (facts === null || address === undefined) return null;
    this.#serial += 1;
    const token = `${id}.${this.#serial}`;
    const done = this.#attempt('lay an endpoint out', () => {
      this.#folder.offer(pool, { token, address, path: facts.netns.path });
      return true;
    });
    return done ? token : null;
  }

  withdraw(pool: string, token: string): boolean {
    // Where it cannot be told, it counts as taken: it is not handed out twice.
    return this.#attempt('take an offer back', () => this.#folder.withdraw(pool, token)) ?? false;
  }

  lies(pool: string, token: string): boolean {
    return this.#attempt('see what lies there', () => this.#folder.lies(pool, token)) ?? true;
  }

  get sawAll(): boolean {
    return this.#sawAll;
  }

  collect(): ShelfNews[] {
    this.#sawAll = true;
    if (this.#ended.size > 0) for (const key of [...this.#ended.keys()]) this.#forget(key);
    if (this.#unsettled.size > 0) this.settle([...this.#unsettled]);
    return [...this.#news('taken'), ...this.#news('returned')];
  }

  #news(place: 'taken' | 'returned'): ShelfNews[] {
    const keys = this.#see(() => this.#folder.entries(place));
    return keys.flatMap((key) => this.#see(() => this.#look(place, key)));
  }

  #see<T>(look: () => T[]): T[] {
    const seen = this.#attempt('read what was taken', look);
    if (seen === undefined) this.#sawAll = false;
    return seen ?? [];
  }

  /** What cannot be read now is read with the next look. */
  #look(place: 'taken' | 'returned', key: string): ShelfNews[] {
    const entry = this.#folder.entry(place, key);
    if (entry === undefined) return [];
    const standing = this.#standing.get(key);
    if (standing?.token !== entry.token) return [this.#meet(entry, place)];
    if (place === standing.place) return [];
    standing.place = place;
    return [{ ...NOTHING, containerId: key, ...standing, returned: true }];
  }

  /** Somebody who is not in the books. */
  #meet({ key, token }: Entry, place: Place): ShelfNews {
    const holder = this.#folder.holder(key);
    const leaseId = holder?.leaseId ?? this.#options.newLeaseId();
    this.#standing.set(key, { token, leaseId, place });
    return {
      containerId: key,
      token,
      leaseId,
      trust: holder?.specText == null ? 'unknown' : this.#options.trustOf(holder.specText),
      takenAtMs: holder?.takenAtMs ?? Date.now(),
      pid: holder?.pid ?? 0,
      returned: place === 'returned',
    };
  }

  settle(containerIds: readonly string[]): void {
    for (const key of containerIds) {
      this.#unsettled.add(key);
      this.#attempt('enter a lease', () => {
        const standing = this.#standing.get(key);
        if (standing?.place === 'taken' && this.#folder.move(key, 'taken', 'standing')) standing.place = 'standing';
        if (standing !== undefined) this.#folder.shorten(key);
        this.#unsettled.delete(key);
      });
    }
  }

  hold(containerId: string): void {
    if (this.#standing.has(containerId) || this.#held.has(containerId) || !isKey(containerId)) return;
    // What an earlier lease left is this one's mark.
    this.#ended.delete(containerId);
    this.#attempt('mark a container', () => {
      this.#folder.hold(containerId);
      this.#held.add(containerId);
    });
  }

  letGo(containerId: string): void {
    const standing = this.#standing.get(containerId);
    this.#standing.delete(containerId);
    if (standing === undefined && !this.#held.delete(containerId)) return;
    this.#ended.set(containerId, standing);
    this.#forget(containerId);
  }

  #forget(key: string): void {
    this.#attempt('forget a container', () => {
      const standing = this.#ended.get(key);
      // Its entry first: who finds no mark may take again, under the same name.
      if (standing !== undefined) {
        const places: Place[] = [standing.place, 'returned', 'standing'];
        places.some((place) => this.#folder.remove(place, key));
      }
      if (!this.#held.has(key)) this.#folder.letGo(key);
      this.#ended.delete(key);
    });
  }

  /** Marks that nobody came back for: netnsd-runc was cut short before it took anything. */
  sweep(olderThanMs: number): void {
    const now = Date.now();
    this.#attempt('look for marks', () => {
      for (const key of this.#folder.holders()) {
        if (this.#standing.has(key) || this.#held.has(key)) continue;
        if (now - this.#folder.heldSinceMs(key) > olderThanMs) this.#folder.letGo(key);
      }
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

const NOTHING = { trust: 'unknown', takenAtMs: 0, pid: 0 } as const;
