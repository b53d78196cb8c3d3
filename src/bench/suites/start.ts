import { patchBundle, readBundle } from '../../oci/index.js';
import type { BenchOptions } from '../options.js';
import { type DaemonProcess, startDaemon } from '../programs/daemon-process.js';
import { nativeProgram, settleNamespaces } from '../programs/native-programs.js';
import { type Command, type Networking, RuncBundles } from '../programs/runc-bundles.js';
import { writeSettings } from '../programs/wrapper-settings.js';
import { processorMs, quiet } from '../quiet.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { medianRatio, summarise } from '../report/statistics.js';
import { turnOf } from '../turns.js';
import { benchAlone } from './start-alone.js';
import { benchContainerd } from './start-containerd.js';

/** One way of starting a container, measured beside others. */
interface Way {
  readonly title: string;
  readonly networking: Networking;
  /** Of which the time is given as a ratio, on a host without netnsd. */
  readonly reference: 'runc' | 'crun';
  /** Whether netnsd has a full pool meanwhile. */
  readonly beside: boolean;
  /** Whether the bundle is patched with the path of a lease. */
  readonly isLeased?: boolean;
  readonly command: Command;
  readonly target?: number;
}

const POOL = 'steady';
const SETTINGS = { runc: '/run/bench-runc.conf', crun: '/run/bench-crun.conf' } as const;
const [RUNC, CRUN]: Command[] = [{ file: 'runc' }, { file: 'crun' }];
const wrapped = (runtime: 'runc' | 'crun'): Command => ({
  file: nativeProgram('netnsd-runc'),
  env: { NETNSD_RUNC_CONFIG: SETTINGS[runtime] },
});

const WAYS: readonly Way[] = [
  { title: 'runc, host network', networking: 'host', reference: 'runc', beside: false, command: RUNC as Command },
  { title: 'crun, host network', networking: 'host', reference: 'crun', beside: false, command: CRUN as Command },
  { title: 'runc, empty namespace', networking: 'new', reference: 'runc', beside: false, command: RUNC as Command },
  {
    title: 'runc, host network, beside the pool',
    networking: 'host',
    reference: 'runc',
    beside: true,
    command: RUNC as Command,
    target: 1.03,
  },
  {
    title: 'runc, leased path',
    networking: 'new',
    reference: 'runc',
    beside: true,
    isLeased: true,
    command: RUNC as Command,
    target: 1.05,
  },
  {
    title: 'netnsd-runc with runc',
    networking: 'new',
    reference: 'runc',
    beside: true,
    command: wrapped('runc'),
    target: 1.05,
  },
  {
    title: 'netnsd-runc with crun',
    networking: 'new',
    reference: 'crun',
    beside: true,
    command: wrapped('crun'),
    target: 1.1,
  },
];

/**
 * `starts` containers at once beside pools of several sizes, against the same host before netnsd started: in each round what runs
 * without netnsd comes before the daemon's start or after its end, in turns.
 */
export async function benchStart({ sizes, rounds, starts }: BenchOptions): Promise<Report> {
  const bundles = await RuncBundles.create();
  const tables: Table[] = [];
  const claims: Claim[] = [];
  try {
    for (const size of sizes) {
      const times = await measure({ bundles, size, rounds, starts });
      tables.push(tableOf(times, { size, starts }));
      claims.push(...claimsOf(times, { size, starts }));
    }
    const parts = [await benchContainerd({ bundles, rounds, starts }), await benchAlone({ bundles, rounds, starts })];
    for (const part of parts) {
      tables.push(part.table);
      claims.push(part.claim);
    }
  } finally {
    bundles.remove();
  }
  return { suite: 'start', tables, claims, notes: NOTES };
}

const NOTES = [
  'reference: host networking before the daemon has started or after `netnsd down`, in the same round',
  'leased: acquire over the socket, the path written into config.json, runc run, until the container has ended; released after the clock has stopped',
  'netnsd-runc: leases before the runtime and releases after it, both within the clock; what the daemon does behind it waits while the processors are short',
  'CPU: what the whole machine spends from the first start until all is at rest again; /proc/stat has ticks of 10 ms',
];

type Series = Map<Way, { ms: number[]; processorMs: number[] }>;

async function measure(options: {
  bundles: RuncBundles;
  size: number;
  rounds: number;
  starts: number;
}): Promise<Series> {
  const { bundles, size, rounds, starts } = options;
  const series: Series = new Map(WAYS.map((way) => [way, { ms: [], processorMs: [] }]));
  const run = async (round: number, daemon: DaemonProcess | null): Promise<void> => {
    for (const way of turnOf(
      WAYS.filter(({ beside }) => beside === (daemon !== null)),
      round,
    )) {
      const beforeMs = processorMs();
      const elapsedMs = await runAll({ daemon, bundles, way, starts });
      await daemon?.settled();
      await quiet(starts);
      if (round < 0) continue;
      series.get(way)?.ms.push(elapsedMs);
      series.get(way)?.processorMs.push(processorMs() - beforeMs);
    }
  };
  // The first round warms up: it is run, but not counted.
  for (let round = -1; round < rounds; round++) {
    if (round % 2 !== 0) await run(round, null);
    const pool = { name: POOL, subnet: '10.217.0.0/16', minReady: size, max: size + 3 * starts };
    const daemon = await startDaemon(`start-${size}-${round + 1}`, [pool]);
    for (const runtime of ['runc', 'crun'] as const)
      writeSettings(SETTINGS[runtime], { runtime, socket: daemon.socket, pool: POOL });
    await quiet(starts);
    await run(round, daemon);
    await daemon.stop();
    await settleNamespaces();
    await quiet(starts);
    if (round % 2 === 0) await run(round, null);
  }
  return series;
}

async function runAll(options: {
  daemon: DaemonProcess | null;
  bundles: RuncBundles;
  way: Way;
  starts: number;
}): Promise<number> {
  const { daemon, bundles, way, starts } = options;
  const ids = Array.from({ length: starts }, (_, index) => `c${index}`);
  const folders = ids.map((id) => bundles.write(id, way.networking));
  const leases: string[] = [];
  const start = performance.now();
  await Promise.all(
    ids.map(async (id, index) => {
      const folder = folders[index] as string;
      if (way.isLeased && daemon !== null) {
        const lease = await daemon.client.acquire({ pool: POOL, containerId: `leased-${id}` });
        leases.push(lease.id);
        using bundle = readBundle(folder);
        patchBundle({ bundle, netnsPath: lease.netns.path });
      }
      await bundles.run(id, folder, way.command);
    }),
  );
  const elapsedMs = performance.now() - start;
  for (const id of leases) await daemon?.client.release(id);
  return elapsedMs;
}

function referenceOf(series: Series, { reference }: Way): readonly number[] {
  const way = WAYS.find((one) => one.networking === 'host' && !one.beside && one.reference === reference);
  return (way && series.get(way)?.ms) ?? [];
}

function tableOf(series: Series, { size, starts }: { size: number; starts: number }): Table {
  const rows = [...series].map(([way, { ms, processorMs: cpu }]) => {
    const { median, p99, min, runs } = summarise(ms);
    return {
      start: way.title,
      runs,
      'median ms': median,
      'p99 ms': p99,
      'min ms': min,
      'ms each': median / starts,
      'time / bare host': medianRatio(ms, referenceOf(series, way)),
      'CPU ms each': summarise(cpu).median / starts,
    };
  });
  return { title: `${starts} containers at once (busybox true), pool of ${size}`, rows };
}

function claimsOf(series: Series, { size, starts }: { size: number; starts: number }): Claim[] {
  return [...series].flatMap(([way, { ms }]) =>
    way.target === undefined
      ? []
      : claim({
          name: `pool of ${size}: ${starts} at once, ${way.title}`,
          measured: medianRatio(ms, referenceOf(series, way)),
          unit: 'times a host without netnsd',
          comparison: 'at most',
          target: way.target,
        }),
  );
}
