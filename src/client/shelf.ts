import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { ApiAcquire, ApiLease } from '../api/schemas/index.js';

const KEY = /^[A-Za-z0-9_+][A-Za-z0-9_+.@-]{0,199}$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/;
const POOL = /^[a-z0-9][a-z0-9-]{0,31}$/;
const TTL_MAX_SECONDS = 31_536_000;

interface Offer {
  readonly token: string;
  readonly pool: string;
  readonly mountDns?: boolean;
  readonly netns: { readonly path: string; readonly inode: number };
}

/**
 * Takes a lease from the shelf beside the daemon's socket, as docs/shelf.md has it; undefined, and nothing is held, where only the
 * daemon can give it. Throws nothing.
 */
export function takeFromShelf(socketPath: string, request: ApiAcquire): ApiLease | undefined {
  const { pool = '@default', containerId, tenant = 'default', ttl, ...others } = request;
  const { wait: _, ...rest } = others;
  const id = randomBytes(8).toString('hex');
  const key = containerId ?? `@${id}`;
  const isUsual =
    Object.values(rest).every((value) => value === undefined) &&
    (containerId === undefined || KEY.test(containerId)) &&
    TENANT.test(tenant) &&
    (request.pool === undefined || POOL.test(pool)) &&
    (ttl === undefined || (ttl > 0 && ttl <= TTL_MAX_SECONDS && Number.isInteger(ttl * 1000)));
  const root = join(dirname(socketPath), 'shelf');
  if (!isUsual || !isOwn(root)) return undefined;
  const takenAtMs = Date.now();
  const ttlMs = ttl === undefined ? {} : { ttlMs: ttl * 1000 };
  const line = JSON.stringify({ lease: id, tenant, pid: process.pid, takenAtMs, ...ttlMs });
  const offer = take({ root, key, line, folders: [`${pool}/used/${tenant}`, `${pool}/unused`] });
  if (offer === undefined) return undefined;
  const { token: _token, pool: poolName, mountDns: _mountDns, ...facts } = offer;
  return {
    id,
    pool: poolName,
    containerId: containerId ?? null,
    tenant,
    trust: 'unknown',
    source: 'warm',
    acquiredAt: new Date(takenAtMs).toISOString(),
    expiresAt: ttl === undefined ? null : new Date(takenAtMs + ttl * 1000).toISOString(),
    ...(facts as Pick<ApiLease, 'netns' | 'interface' | 'addresses' | 'routes' | 'publishedPorts' | 'dns'>),
  };
}

function isOwn(root: string): boolean {
  const stats = attempt(() => fs.lstatSync(root));
  return stats?.isDirectory() === true && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
}

function take(options: { root: string; key: string; line: string; folders: readonly string[] }): Offer | undefined {
  const { root, key, line, folders } = options;
  const mark = join(root, 'holders', key);
  const fd = attempt(() => fs.openSync(mark, 'wx', 0o600));
  if (fd === undefined) return undefined;
  try {
    // There is no rename that replaces nothing here; without a mark nothing is there, unless it was put there by hand.
    if (fs.lstatSync(join(root, 'taken', key), { throwIfNoEntry: false }) !== undefined) return undefined;
    fs.writeSync(fd, `${line}\n`);
    for (const path of folders.flatMap((folder) => entries(join(root, 'offers', folder)))) {
      if (
        read(path) === undefined ||
        attempt(() => fs.renameSync(path, join(root, 'taken', key)) ?? true) === undefined
      )
        continue;
      const offer = read(join(root, 'taken', key)) ?? read(join(root, 'standing', key));
      if (offer !== undefined && isThere(offer) && fs.fstatSync(fd).nlink > 0) return offer;
      giveBack(root, key);
      return undefined;
    }
    fs.unlinkSync(mark);
  } catch {
    // A shelf that went away meanwhile: what was taken of it is gone with it.
  } finally {
    fs.closeSync(fd);
  }
  return undefined;
}

/** Paths in a folder of offers, from one at random on. */
function entries(folder: string): string[] {
  const names = (attempt(() => fs.readdirSync(folder)) ?? []).filter((name) => !name.startsWith('.'));
  const first = Math.floor(Math.random() * names.length);
  return [...names.slice(first), ...names.slice(0, first)].map((name) => join(folder, name));
}

function read(path: string): Offer | undefined {
  return attempt(() => JSON.parse(fs.readlinkSync(path)) as Offer);
}

function isThere({ netns }: Offer): boolean {
  return attempt(() => fs.statSync(netns.path).ino) === netns.inode;
}

function giveBack(root: string, key: string): void {
  for (const place of ['taken', 'standing'])
    if (attempt(() => fs.renameSync(join(root, place, key), join(root, 'returned', key)) ?? true)) return;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
