import { readdirSync, readFileSync } from 'node:fs';
import type { Daemon } from './daemon.js';
import { eventually } from './eye.js';

export const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 8\nmax = 40\nsizing = "fixed"\n';
export const mounts = (): number => readFileSync('/proc/thread-self/mountinfo', 'utf8').trimEnd().split('\n').length;

/** Resolves when the pool has its endpoints and none of them changes its state. */
export async function atRest(daemon: Daemon): Promise<void> {
  await eventually('the pool is at rest', async () =>
    (await daemon.pools()).every(
      (pool) => pool.ready === pool.minReady && pool.building + pool.dirty + pool.destroying + pool.broken === 0,
    ),
  );
}

/** The inode of each endpoint that has a record, by its path. */
export function recorded(daemon: Daemon): Map<string, number> {
  const folders = ['ready', 'leased'].map((state) => `${daemon.stateDir}/${state}`);
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  const facts = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')).facts);
  return new Map(facts.map(({ netns }) => [netns.path, netns.inode]));
}
