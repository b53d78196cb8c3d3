import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Stage } from './stage.js';

/** The shelf beside a stage's socket, as the daemon lays it out. */
export interface Shelf {
  readonly folder: string;
  path(...names: string[]): string;
  /** The file that stands for this endpoint's namespace; made when it is first asked for. */
  netns(endpoint: string): string;
  /** The text of the link that offers this endpoint. */
  text(endpoint: string, more?: object): string;
  /** Offers an endpoint of the pool `default`: an unused one, unless `tenant` is named. */
  offer(endpoint: string, options?: { text?: string; tenant?: string }): void;
  /** Takes the offer of an unused endpoint back. */
  withdraw(endpoint: string): void;
  /** The names in one of its folders, in their order. */
  names(folder: string): string[];
  /** What stands in the file of a holder: its first line, read, and all behind it. */
  holder(key: string): {
    readonly lease: string;
    readonly pid: number;
    readonly tenant: string;
    readonly takenAtMs: number;
    readonly ttlMs?: number;
    readonly process?: { readonly pid: number; readonly startTicks: number };
    readonly spec: string;
  };
}

const UNUSED = 'offers/default/unused';

/** Endpoints `default-1` and on are offered in the pool `default`. */
export function layOutShelf(_t: Test, stage: Stage, options: { offers?: number } = {}): Shelf {
  const folder = stage.path('shelf');
  const path = (...names: string[]) => join(folder, ...names);
  const folders = [
    'offers',
    'offers/default',
    UNUSED,
    'offers/default/used',
    'holders',
    'several',
    'taken',
    'standing',
  ];
  for (const name of ['', ...folders, 'returned']) mkdirSync(path(name), { mode: 0o700 });
  mkdirSync(stage.path('netns'));
  symlinkSync('default', path('offers', '@default'));
  const shelf: Shelf = {
    folder,
    path,
    netns: (endpoint) => {
      const file = stage.path(`netns/n ${endpoint}`);
      writeFileSync(file, '', { flag: 'a' });
      return file;
    },
    text: (endpoint, more = {}) => {
      const file = shelf.netns(endpoint);
      const number = endpoint.split('-').at(-1);
      return JSON.stringify({
        token: endpoint,
        pool: 'default',
        netns: { path: file, inode: statSync(file).ino },
        interface: { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500, hostName: `nd-${number}` },
        addresses: [{ address: `10.213.0.${number}/16`, gateway: '10.213.0.1' }],
        routes: [{ destination: '0.0.0.0/0', gateway: '10.213.0.1' }],
        publishedPorts: [],
        dns: { servers: [], search: [], options: [] },
        ...more,
      });
    },
    offer: (endpoint, { text, tenant } = {}) => {
      const place = tenant === undefined ? UNUSED : `offers/default/used/${tenant}`;
      mkdirSync(path(place), { recursive: true });
      symlinkSync(text ?? shelf.text(endpoint), path(place, endpoint));
    },
    withdraw: (endpoint) => rmSync(path(UNUSED, endpoint)),
    names: (name) => readdirSync(path(name)).sort(),
    holder: (key) => {
      const text = readFileSync(path('holders', key), 'utf8');
      const end = text.indexOf('\n');
      return { ...JSON.parse(text.slice(0, end)), spec: text.slice(end + 1) };
    },
  };
  for (let index = 1; index <= (options.offers ?? 1); index += 1) shelf.offer(`default-${index}`);
  return shelf;
}
