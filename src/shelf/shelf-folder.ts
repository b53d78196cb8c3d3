import fs from 'node:fs';
import { join } from 'node:path';
import type { EndpointRecord } from '../pool/index.js';
import { isTransient, SHELF } from '../state/index.js';
import { linkText, removedIfEmpty, unlessThere, unlinked } from './entries.js';
import { type Holder, readHolder } from './holder.js';

const FOLDERS = ['offers', 'holders', 'several', 'taken', 'standing', 'returned'] as const;
/** Leads to the offers of the pool that is meant where none is named. */
const DEFAULT_OFFERS = '@default';
/** Folders of a pool: unused endpoints, and one folder a tenant for the endpoints that it used. */
const UNUSED = 'unused';
const USED = 'used';
/** The longest text of a symbolic link, in bytes (PATH_MAX less the NUL). */
const LINK_BYTES_MAX = 4095;
export type Place = 'taken' | 'standing' | 'returned';

/** An entry of `taken`, `standing` or `returned`: the offer of which it was made. */
export interface Entry {
  readonly key: string;
  readonly token: string;
}

/** An offer that lies on the shelf, with its path in it. */
export interface FoundOffer {
  readonly token: string;
  readonly path: string;
}

/** Whether a container of this name can take from the shelf; a client decides by the same rule. */
export function isKey(name: string): boolean {
  return /^[A-Za-z0-9_+-][A-Za-z0-9_+.@-]{0,199}$/.test(name);
}

/** What an offer says: all that a lease of this endpoint has. Null where it does not fit into a link. */
export function offerText(record: EndpointRecord, token: string, mountDns: boolean): string | null {
  const text = JSON.stringify({ token, pool: record.pool, ...(mountDns ? { mountDns } : {}), ...record.facts });
  return record.facts !== null && Buffer.byteLength(text) <= LINK_BYTES_MAX ? text : null;
}

/** The files of the shelf, by name. Symbolic links are its records: their text is what they say. */
export class ShelfFolder {
  readonly #root: string;

  constructor(stateDirectory: string) {
    this.#root = join(stateDirectory, SHELF);
  }

  get path(): string {
    return this.#root;
  }

  /** Makes the folders that are missing, those for the offers of some pools among them. */
  make(pools: readonly string[] = []): void {
    const offers = pools.flatMap((pool) => [UNUSED, USED].map((kind) => join('offers', pool, kind)));
    for (const folder of ['.', ...FOLDERS, ...offers])
      fs.mkdirSync(join(this.#root, folder), { recursive: true, mode: 0o700 });
  }

  /** Names the pool that is meant where none is named; null: none is. */
  setDefault(pool: string | null): void {
    const path = join(this.#root, 'offers', DEFAULT_OFFERS);
    const present = linkText(path);
    if (present === pool) return;
    if (present !== null) fs.rmSync(path, { recursive: true, force: true });
    if (pool !== null) fs.symlinkSync(pool, path);
  }

  /** Lays an offer out, for any tenant where `tenant` is null; its path. */
  offer(offer: { pool: string; tenant: string | null; token: string; text: string }): string {
    const { pool, tenant, token, text } = offer;
    const folder = join('offers', pool, tenant === null ? UNUSED : join(USED, tenant));
    const path = join(folder, token);
    try {
      fs.symlinkSync(text, join(this.#root, path));
    } catch (error) {
      if (tenant === null || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Not with its parents: `make` restores what was removed from the shelf.
      fs.mkdirSync(join(this.#root, folder), { mode: 0o700 });
      fs.symlinkSync(text, join(this.#root, path));
    }
    return path;
  }

  /** All that lies there, whatever pool or tenant it is for. */
  offers(): FoundOffer[] {
    const pools = this.#folders('offers').filter((path) => path !== join('offers', DEFAULT_OFFERS));
    const folders = pools.flatMap((pool) => [join(pool, UNUSED), ...this.#folders(join(pool, USED))]);
    return folders.flatMap((folder) =>
      this.#folders(folder).map((path) => ({ token: path.slice(folder.length + 1), path })),
    );
  }

  /** What an offer says; null where it does not lie there any more. */
  text(path: string): string | null {
    return linkText(join(this.#root, path));
  }

  /** False where there is no such offer any more. */
  withdraw(path: string): boolean {
    return unlinked(join(this.#root, path));
  }

  exists(path: string): boolean {
    return fs.lstatSync(join(this.#root, path), { throwIfNoEntry: false }) !== undefined;
  }

  /** Removes the folders of tenants for whom nothing lies there. */
  dropEmptyTenants(): void {
    for (const pool of this.#folders('offers')) {
      for (const path of this.#folders(join(pool, USED))) removedIfEmpty(join(this.#root, path));
    }
  }

  entries(place: Place): string[] {
    return fs.readdirSync(join(this.#root, place));
  }

  /** Whether there is anything of this name. */
  has(place: Place, key: string): boolean {
    return this.exists(join(place, key));
  }

  /** Undefined for what no client put there, and for what is gone meanwhile. Throws what speaks of the machine only. */
  entry(place: Place, key: string): Entry | undefined {
    try {
      const { token } = JSON.parse(fs.readlinkSync(join(this.#root, place, key))) as Record<string, unknown>;
      return typeof token === 'string' ? { key, token } : undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      return undefined;
    }
  }

  /** Undefined if there is none. Throws errors of the machine (out of memory or descriptors): the file can be read later. */
  holder(key: string): Holder | undefined {
    const path = join(this.#root, 'holders', key);
    try {
      const stats = fs.lstatSync(path);
      return stats.isFile() ? readHolder(fs.readFileSync(path, 'utf8'), stats) : undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      return undefined;
    }
  }

  holders(): string[] {
    return fs.readdirSync(join(this.#root, 'holders'));
  }

  /** When a taker's file was made, in milliseconds since the epoch; undefined for what is none, or is gone. */
  markedSinceMs(key: string): number | undefined {
    const stats = fs.lstatSync(join(this.#root, 'holders', key), { throwIfNoEntry: false });
    return stats?.isFile() ? stats.mtimeMs : undefined;
  }

  /** A container that has a lease otherwise than from the shelf. */
  mark(key: string): void {
    unlessThere(() => fs.symlinkSync('lease', join(this.#root, 'holders', key)));
  }

  /** A container that has more than one lease. */
  markSeveral(key: string): void {
    unlessThere(() => fs.symlinkSync('lease', join(this.#root, 'several', key)));
  }

  unmark(key: string): void {
    unlinked(join(this.#root, 'several', key));
    unlinked(join(this.#root, 'holders', key));
  }

  /** Removes whatever bears the name of a mark. */
  clearMarks(key: string): void {
    for (const folder of ['several', 'holders'])
      fs.rmSync(join(this.#root, folder, key), { recursive: true, force: true });
  }

  /** False where it is elsewhere by now. */
  move(key: string, from: Place, to: Place): boolean {
    try {
      fs.renameSync(join(this.#root, from, key), join(this.#root, to, key));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  remove(place: Place, key: string): boolean {
    return unlinked(join(this.#root, place, key));
  }

  /** Removes whatever bears this name. */
  clear(place: Place, key: string): void {
    fs.rmSync(join(this.#root, place, key), { recursive: true, force: true });
  }

  /** Keeps only the first line of a holder's file, which says whose lease it is: a spec is read once. */
  shorten(key: string): void {
    const path = join(this.#root, 'holders', key);
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return;
    const end = fs.readFileSync(path).indexOf('\n') + 1;
    if (end > 0 && end < stats.size) fs.truncateSync(path, end);
  }

  /** Paths of what is in a folder of the shelf; none where it is no folder. */
  #folders(folder: string): string[] {
    try {
      return fs.readdirSync(join(this.#root, folder)).map((name) => join(folder, name));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  }
}
