import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RuncBundles } from '../programs/runc-bundles.js';
import { quiet } from '../quiet.js';
import { median } from '../report/statistics.js';

/** How often so many start at once: one round of them scatters by a third. */
const BURSTS = 3;
const ONE_BY_ONE = 10;
const MOST_AT_ONCE = 50;
const LISTINGS = 5;

/** What a host costs those who start containers and list its links. */
export interface HostCost {
  /** Milliseconds of `runc run` with host networking, one at a time. */
  readonly oneMs: number;
  /** The same of `starts` at once, 50 at most, until the last has ended; each of the rounds. */
  readonly manyMs: readonly number[];
  readonly atOnce: number;
  /** Milliseconds of `ip link`. */
  readonly listMs: number;
  readonly links: number;
  /** Lines of /proc/self/mountinfo. */
  readonly mounts: number;
}

/** What it costs now; `size` is that of the pool beside which it is measured, or was or will be. */
export async function hostCost(options: { bundles: RuncBundles; size: number; starts: number }): Promise<HostCost> {
  const { bundles, size, starts } = options;
  await quiet(size);
  const ids = Array.from({ length: Math.min(starts, MOST_AT_ONCE) }, (_, index) => `scale-${index}`);
  const folders = ids.map((id) => bundles.write(id, 'host'));
  const run = (index: number) => bundles.run(ids[index] as string, folders[index] as string);
  const ones: number[] = [];
  // The first warms up.
  for (let index = -1; index < ONE_BY_ONE; index++) {
    const startedMs = performance.now();
    await run(0);
    if (index >= 0) ones.push(performance.now() - startedMs);
  }
  const manyMs: number[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    const startedMs = performance.now();
    await Promise.all(ids.map((_, index) => run(index)));
    manyMs.push(performance.now() - startedMs);
    await quiet(size);
  }
  const listings = Array.from({ length: LISTINGS }, listLinks);
  return {
    oneMs: median(ones),
    manyMs,
    atOnce: ids.length,
    listMs: median(listings.map(({ ms }) => ms)),
    links: listings[0]?.links ?? 0,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length,
  };
}

function listLinks(): { ms: number; links: number } {
  const startedMs = performance.now();
  const { stdout } = spawnSync('ip', ['-oneline', 'link'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { ms: performance.now() - startedMs, links: stdout.trim().split('\n').length };
}
