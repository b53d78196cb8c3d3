import { residentKiB } from '../programs/daemon-process.js';
import { type Launched, launch } from '../programs/launch.js';
import { settleNamespaces } from '../programs/native-programs.js';
import type { RuncBundles } from '../programs/runc-bundles.js';
import { SMALL } from '../quiet.js';
import { kernelMemoryKiB } from '../report/kernel-memory.js';
import { HOME } from '../suites/boot.js';
import { type Acquired, acquireByFront, acquireByHttp, frontOf, POOL, packetsAt } from './clients.js';
import { type HostCost, hostCost } from './host.js';
import { rest } from './rest.js';

/** Room for what is leased while the pool is kept at its size. */
const SPARE = 64;
/** How often an endpoint is acquired each way; fewer where the pool is smaller. */
const ACQUIRES = 200;
/** How often its daemon is restarted, in turns with one that has nothing to take over; a smaller pool once. */
const RESTARTS = 3;

/** What a pool of one size took and cost. */
export interface Scaled {
  readonly size: number;
  /** Milliseconds from exec until all are ready, and the same less the time until one is, for each of the others. */
  readonly fillMs: number;
  readonly buildMsEach: number;
  /** Packets that arrived at the first endpoint while the others were built. */
  readonly packets: number;
  readonly residentMb: number;
  readonly kernelKiBEach: number;
  readonly shelf: Acquired;
  readonly http: Acquired;
  readonly restarts: readonly Restart[];
  readonly destroyMs: number;
  /** The host before the daemon started and after it was taken down, and beside the full pool. */
  readonly bare: readonly HostCost[];
  readonly beside: HostCost;
}

/** Milliseconds from exec, after SIGKILL with all endpoints ready. */
export interface Restart {
  readonly answerMs: number;
  readonly reconciledMs: number;
  /** To the first answer of a daemon that has nothing to take over, right before. */
  readonly noneMs: number;
}

/** Fills a pool of `size`, measures it at rest, restarts its daemon, and removes all. */
export async function measureAt(options: {
  size: number;
  round: number;
  starts: number;
  bundles: RuncBundles;
}): Promise<Scaled> {
  const { size, round, starts, bundles } = options;
  const cost = () => hostCost({ bundles, size, starts });
  const start = () => launch({ home: HOME, name: `scale-${size}-${round}`, pool: poolOf(size) });
  await settleNamespaces();
  const before = await cost();
  const kernelBefore = kernelKiB();
  let daemon = start();
  try {
    const filled = await fill(daemon, size);
    await rest(size);
    const residentMb = ((await residentKiB(daemon.pid)) * 1024) / 1e6;
    const kernelKiBEach = (kernelKiB() - kernelBefore) / size;
    const beside = await cost();
    const count = Math.min(ACQUIRES, Math.ceil(size / 2));
    const shelf = acquireByFront(daemon, count);
    await daemon.until(`/v1/pools/${POOL}`, readyAtLeast(size));
    const http = await acquireByHttp(daemon, count);
    await daemon.until(`/v1/pools/${POOL}`, readyAtLeast(size));
    const restarts: Restart[] = [];
    for (let count = 0; count < (size < SMALL ? 1 : RESTARTS); count++) {
      await rest(size);
      await daemon.kill();
      const noneMs = await firstAnswerMs(`scale-none-${size}-${round}-${count}`);
      daemon = start();
      const answerMs = await daemon.until('/v1/status', () => true);
      const reconciledMs = await daemon.until('/v1/status', isStarted);
      restarts.push({ answerMs, reconciledMs, noneMs });
    }
    await rest(size);
    const startedMs = performance.now();
    await daemon.down();
    const destroyMs = performance.now() - startedMs;
    await settleNamespaces();
    const bare = [before, await cost()];
    return {
      size,
      ...filled,
      residentMb,
      kernelKiBEach,
      shelf,
      http,
      restarts,
      destroyMs,
      bare,
      beside,
    };
  } finally {
    await daemon.stop();
  }
}

/** Slab and Percpu of the whole machine. */
function kernelKiB(): number {
  const { Slab, Percpu } = kernelMemoryKiB();
  return Slab + Percpu;
}

const isStarted = (body: string): boolean => !(JSON.parse(body) as { starting: boolean }).starting;

async function firstAnswerMs(name: string): Promise<number> {
  // What the other pool has stays where it is.
  const daemon = launch({ home: HOME, name, pool: poolOf(1, '10.193.0.0/16') });
  try {
    return await daemon.until('/v1/status', () => true);
  } finally {
    await daemon.stop();
  }
}

function poolOf(size: number, subnet = '10.192.0.0/16') {
  return { name: POOL, subnet, minReady: size, max: size + SPARE };
}

async function fill(daemon: Launched, size: number): Promise<Pick<Scaled, 'fillMs' | 'buildMsEach' | 'packets'>> {
  const firstMs = await daemon.until(`/v1/pools/${POOL}`, readyAtLeast(1));
  const first = frontOf(daemon);
  const path = first.acquire('first');
  const packetsBefore = await packetsAt(path);
  const fillMs = await daemon.until(`/v1/pools/${POOL}`, readyAtLeast(size));
  const packets = (await packetsAt(path)) - packetsBefore;
  first.release('first');
  return { fillMs, buildMsEach: (fillMs - firstMs) / Math.max(1, size - 1), packets };
}

function readyAtLeast(count: number): (body: string) => boolean {
  return (body) => {
    const { ready, building, dirty } = JSON.parse(body) as { ready: number; building: number; dirty: number };
    return ready >= count && (count === 1 || building + dirty === 0);
  };
}
