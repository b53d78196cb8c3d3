import fs from 'node:fs';
import { join } from 'node:path';
import { isHardship, SHELF } from '../state/index.js';

/** What is in it. All but `open` are folders. */
export const SHELF_FOLDERS = ['offers', 'holders', 'taken', 'standing', 'returned'] as const;
/** A file that a living daemon holds a lock on. */
export const SHELF_OPEN = 'open';
/** Leads to the offers of the pool that is meant where none is named. */
export const DEFAULT_OFFERS = '@default';
export type Place = 'taken' | 'standing' | 'returned';

/** An entry of `taken`, `standing` or `returned`: the offer of which it was made. */
export interface Entry {
  readonly key: string;
  readonly token: string;
}

/** What netnsd-runc writes into `holders/KEY`, before it takes: a line of JSON, then its container's spec as it was. */
export interface Holder {
  readonly leaseId: string;
  readonly pid: number;
  readonly takenAtMs: number;
  /** Null where netnsd-runc was cut short, which happens before it takes anything. */
  readonly specText: string | null;
}

/** A container whose name does not fit, or that a listing would hide, asks the daemon; netnsd-runc decides by the same rule. */
export function isKey(name: string): boolean {
  return /^[A-Za-z0-9_+-][A-Za-z0-9_+.@-]{0,199}$/.test(name);
}

/** The files of the shelf, by name. Symbolic links are the records of it: their text is what they say. */
export class ShelfFolder {
  readonly #root: string;

  constructor(stateDirectory: string) {
    this.#root = join(stateDirectory, SHELF);
  }

  get path(): string {
    return this.#root;
  }

  /** Makes what is missing, and takes back all that an earlier daemon offered. */
  open(): void {
    this.make();
    for (const name of fs.readdirSync(join(this.#root, 'offers')))
      fs.rmSync(join(this.#root, 'offers', name), { recursive: true, force: true });
  }

  /** Makes the folders that are missing, those for the offers of some pools among them. */
  make(pools: readonly string[] = []): void {
    for (const folder of ['.', ...SHELF_FOLDERS, ...pools.map((pool) => join('offers', pool))])
      fs.mkdirSync(join(this.#root, folder), { recursive: true, mode: 0o700 });
  }

  /** Names the pool that is meant where none is named; to be called with the same one each time. */
  setDefault(pool: string): void {
    unlessThere(() => fs.symlinkSync(pool, join(this.#root, 'offers', DEFAULT_OFFERS)));
  }

  offer(pool: string, { token, address, path }: { token: string; address: string; path: string }): void {
    fs.symlinkSync(`${token} ${address} ${path}`, join(this.#root, 'offers', pool, token));
  }

  /** False where there is no such offer any more. */
  withdraw(pool: string, token: string): boolean {
    return unlinked(join(this.#root, 'offers', pool, token));
  }

  lies(pool: string, token: string): boolean {
    return fs.lstatSync(join(this.#root, 'offers', pool, token), { throwIfNoEntry: false }) !== undefined;
  }

  entries(place: Place): string[] {
    return fs.readdirSync(join(this.#root, place));
  }

  /** Undefined for what netnsd-runc did not put there, and for what is gone meanwhile. Throws what speaks of the machine only. */
  entry(place: Place, key: string): Entry | undefined {
    try {
      const [token = '', ...rest] = fs.readlinkSync(join(this.#root, place, key)).split(' ');
      return rest.length >= 2 ? { key, token } : undefined;
    } catch (error) {
      if (isHardship(error)) throw error;
      return undefined;
    }
  }

  /** Undefined where nobody wrote one. Throws what speaks of the machine only: the lease's id is to be had later then. */
  holder(key: string): Holder | undefined {
    const path = join(this.#root, 'holders', key);
    try {
      if (!fs.lstatSync(path).isFile()) return undefined;
      const text = fs.readFileSync(path, 'utf8');
      const end = text.indexOf('\n');
      const { lease, pid } = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
      if (typeof lease !== 'string' || !/^[0-9a-f]{16}$/.test(lease)) return undefined;
      const takenAtMs = fs.lstatSync(path).mtimeMs;
      return { leaseId: lease, pid: Number(pid) || 0, takenAtMs, specText: end < 0 ? null : text.slice(end + 1) };
    } catch (error) {
      if (isHardship(error)) throw error;
      return undefined;
    }
  }

  holders(): string[] {
    return fs.readdirSync(join(this.#root, 'holders'));
  }

  /** When a holder's file was made, in milliseconds since the epoch; 0: it is gone. */
  heldSinceMs(key: string): number {
    return fs.lstatSync(join(this.#root, 'holders', key), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  /** A container that has a lease otherwise than from the shelf. */
  hold(key: string): void {
    unlessThere(() => fs.symlinkSync('lease', join(this.#root, 'holders', key)));
  }

  letGo(key: string): void {
    unlinked(join(this.#root, 'holders', key));
  }

  /** Removes whatever bears the name of a mark. */
  clearHolder(key: string): void {
    fs.rmSync(join(this.#root, 'holders', key), { recursive: true, force: true });
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

  /** Keeps no more of a holder's file than who holds: a spec is read once. */
  shorten(key: string): void {
    const path = join(this.#root, 'holders', key);
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() && stats.size > 0) fs.truncateSync(path, 0);
  }
}

function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** unlink(2); false where there was nothing. */
function unlinked(path: string): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
