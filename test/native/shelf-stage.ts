import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { lockFile } from './ofd-lock.js';
import type { Stage } from './stage.js';

/** The folder of a daemon's offers beside a stage's socket, as the daemon lays it out. */
export interface Shelf {
  readonly folder: string;
  path(...names: string[]): string;
  /** The text of the link that offers this endpoint. */
  text(endpoint: string): string;
  offer(endpoint: string, text?: string): void;
  /** The names in one of its folders, in their order. */
  names(folder: string): string[];
  /** What stands in the file of a holder: its first line, read, and all behind it. */
  holder(key: string): { readonly lease: string; readonly pid: number; readonly spec: string };
  /** Nobody holds the lock any more. */
  endDaemon(): void;
}

/** Endpoints `default-1` and on are offered in the pool `default`, and a living daemon is pretended. */
export function layOutShelf(t: Test, stage: Stage, options: { offers?: number } = {}): Shelf {
  const folder = stage.path('shelf');
  const path = (...names: string[]) => join(folder, ...names);
  for (const name of ['', 'offers', 'offers/default', 'holders', 'taken', 'standing', 'returned'])
    mkdirSync(path(name), { mode: 0o700 });
  symlinkSync('default', path('offers', '@default'));
  let endDaemon: (() => void) | null = lockFile(path('open'));
  const shelf: Shelf = {
    folder,
    path,
    text: (endpoint) => `${endpoint} 10.213.0.${endpoint.split('-').at(-1)}/16 /run/netns/n ${endpoint}`,
    offer: (endpoint, text) => symlinkSync(text ?? shelf.text(endpoint), path('offers', 'default', endpoint)),
    names: (name) => readdirSync(path(name)).sort(),
    holder: (key) => {
      const text = readFileSync(path('holders', key), 'utf8');
      const end = text.indexOf('\n');
      return { ...JSON.parse(text.slice(0, end)), spec: text.slice(end + 1) };
    },
    endDaemon: () => {
      endDaemon?.();
      endDaemon = null;
    },
  };
  t.teardown(() => shelf.endDaemon());
  for (let index = 1; index <= (options.offers ?? 1); index += 1) shelf.offer(`default-${index}`);
  return shelf;
}
