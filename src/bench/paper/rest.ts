import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { residentKiB } from '../programs/daemon-process.js';
import type { RuncBundles } from '../programs/runc-bundles.js';
import { measureAt } from '../scale/measure.js';
import { summarised } from '../scale/scale.js';
import { openNetnsd } from './contenders/by-netnsd.js';
import type { Scene } from './contenders/contender.js';
import { CONTENDERS } from './contenders/index.js';
import { atRest } from './invoker.js';
import type { Beside, Idle } from './journal.js';
import type { IdleStep } from './plan.js';

/** The daemon gives back its garbage when it has been at rest for two seconds. */
const REST_MS = 4000;
/** How many start at once beside a pool. */
const STARTS = 50;

/** Memory that is in use, in MB; what the kernel would give up is dropped first. */
export function usedMb(): number {
  writeFileSync('/proc/sys/vm/drop_caches', '3');
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  const read = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  return ((read('MemTotal') - read('MemAvailable')) * 1024) / 1e6;
}

/** What `count` more endpoints or containers that wait cost: with twice as many and once as many, by programs of their own each. */
export async function measureIdle(what: IdleStep['what'], count: number, scene: Scene): Promise<Idle> {
  const few = await inUse(what, count, scene);
  const many = await inUse(what, 2 * count, scene);
  return {
    kind: 'idle',
    what,
    count,
    machineMb: many.machineMb - few.machineMb,
    daemonMb: many.daemonMb === null || few.daemonMb === null ? null : many.daemonMb - few.daemonMb,
  };
}

async function inUse(what: IdleStep['what'], width: number, scene: Scene) {
  await atRest(undefined, width);
  const beforeMb = usedMb();
  if (what !== 'netnsd') {
    const contender = CONTENDERS.find(({ name }) => name === what);
    const opened = await contender?.open({ ...scene, width });
    await atRest(opened, width);
    await delay(REST_MS);
    const machineMb = usedMb() - beforeMb;
    await opened?.close();
    return { machineMb, daemonMb: null };
  }
  const daemon = await openNetnsd(width);
  await delay(REST_MS);
  const machineMb = usedMb() - beforeMb;
  const daemonMb = ((await residentKiB(daemon.pid)) * 1024) / 1e6;
  await daemon.stop();
  return { machineMb, daemonMb };
}

/** What a pool at rest costs those who start containers beside it: as `netnsd bench scale` measures it. */
export async function measureBeside(poolSize: number, bundles: RuncBundles): Promise<Beside> {
  const one = summarised([await measureAt({ size: poolSize, round: 0, starts: STARTS, bundles })]);
  return {
    kind: 'beside',
    poolSize,
    daemonMb: one.residentMb,
    kernelMb: (one.kernelKiBEach * poolSize * 1024) / 1e6,
    oneRatio: one.one.ratio,
    manyRatio: one.many.ratio,
  };
}
