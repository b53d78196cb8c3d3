import { patchBundle, readBundle } from '../../oci/index.js';
import { type Claim, claim } from '../claim.js';
import { type DaemonProcess, startDaemon } from '../daemon-process.js';
import { nativeProgram } from '../native-programs.js';
import type { BenchOptions } from '../options.js';
import { processorMs, waitForQuiet } from '../quiet.js';
import type { Report, Table } from '../report.js';
import { type Networking, RuncBundles } from '../runc-bundles.js';
import { medianRatio, summarise } from '../statistics.js';
import { turnOf } from '../turns.js';
import { writeSettings } from '../wrapper-settings.js';
import { benchAlone } from './start-alone.js';
import { benchContainerd } from './start-containerd.js';

/** One way of networking a container, measured beside others. */
interface Way {
  readonly title: string;
  readonly networking: Networking;
  /** The pool whose lease the bundle is patched with. */
  readonly pool?: string;
  /** By netnsd-runc, which leases and gives back itself. */
  readonly isWrapped?: boolean;
}

const HOST: Way = { title: 'host network', networking: 'host' };
const LEASED: Way = { title: 'leased', networking: 'new', pool: 'steady' };
const WRAPPED: Way = { title: 'netnsd-runc', networking: 'new', isWrapped: true };
const WAYS: readonly Way[] = [
  HOST,
  LEASED,
  WRAPPED,
  { title: 'leased, refill beside', networking: 'new', pool: 'refilled' },
  { title: 'empty new namespace', networking: 'new' },
];
const TARGET = 1.05;
const SETTINGS = '/run/bench-runc.conf';

/** As many `runc run` at once as a size says, from acquire to the end of the last container, in an order that turns. */
export async function benchStart({ sizes, rounds }: BenchOptions): Promise<Report> {
  const bundles = await RuncBundles.create();
  const tables: Table[] = [];
  const claims: Claim[] = [];
  try {
    for (const size of sizes) {
      const daemon = await startDaemon(`start-${size}`, [
        { name: 'steady', subnet: '10.217.0.0/16', minReady: size, max: size },
        { name: 'refilled', subnet: '10.218.0.0/16', minReady: size, max: 2 * size },
      ]);
      writeSettings(SETTINGS, { runtime: 'runc', socket: daemon.socket, pool: 'steady' });
      const { times, costs } = await measure({ daemon, bundles, size, rounds });
      await daemon.stop();
      const host = times.get(HOST) ?? [];
      tables.push(tableOf({ times, costs, host, size }));
      const name = `${size} concurrent runc run on leased paths`;
      const against = { unit: 'times host networking', comparison: 'at most', target: TARGET } as const;
      claims.push(claim({ name, measured: medianRatio(times.get(LEASED) ?? [], host), ...against }));
      const wrapped = medianRatio(times.get(WRAPPED) ?? [], host);
      claims.push(claim({ name: `${size} concurrent netnsd-runc run`, measured: wrapped, ...against }));
    }
    for (const part of [await benchContainerd({ bundles, rounds }), await benchAlone({ bundles, rounds })]) {
      tables.push(part.table);
      claims.push(part.claim);
    }
  } finally {
    bundles.remove();
  }
  return { suite: 'start', tables, claims, notes: NOTES };
}

const NOTES = [
  'leased: acquire over the socket, the path written into config.json, runc run, until the container has ended; released after the clock has stopped',
  'netnsd-runc: leases before runc and gives back after it, both within the clock; what the daemon does behind it waits while the processors are short',
  'CPU: what the whole machine spends from the first start until all is at rest again, so what was put off too; /proc/stat has ticks of 10 ms',
  'refill beside: the pool may grow, so the daemon builds as many endpoints again while the containers start',
];

async function measure(options: { daemon: DaemonProcess; bundles: RuncBundles; size: number; rounds: number }) {
  const { daemon, bundles, size, rounds } = options;
  const times = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  const costs = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  // The first round warms up: it is run, but not counted.
  for (let round = -1; round < rounds; round++) {
    for (const way of turnOf(WAYS, round)) {
      const beforeMs = processorMs();
      const elapsedMs = await runAll({ daemon, bundles, size, way });
      await daemon.settled();
      await waitForQuiet();
      if (round < 0) continue;
      times.get(way)?.push(elapsedMs);
      costs.get(way)?.push(processorMs() - beforeMs);
    }
  }
  return { times, costs };
}

async function runAll(options: { daemon: DaemonProcess; bundles: RuncBundles; size: number; way: Way }) {
  const { daemon, bundles, size, way } = options;
  const ids = Array.from({ length: size }, (_, index) => `c${index}`);
  const folders = ids.map((id) => bundles.write(id, way.networking));
  const leases: string[] = [];
  const start = performance.now();
  await Promise.all(
    ids.map(async (id, index) => {
      const folder = folders[index] as string;
      if (way.pool !== undefined) {
        const lease = await daemon.client.acquire({ pool: way.pool, containerId: `${way.pool}-${id}` });
        leases.push(lease.id);
        using bundle = readBundle(folder);
        patchBundle({ bundle, netnsPath: lease.netns.path });
      }
      const wrapper = { file: nativeProgram('netnsd-runc'), env: { NETNSD_RUNC_CONFIG: SETTINGS } };
      await bundles.run(id, folder, way.isWrapped ? wrapper : undefined);
    }),
  );
  const elapsedMs = performance.now() - start;
  for (const id of leases) await daemon.client.release(id);
  return elapsedMs;
}

function tableOf(options: {
  times: ReadonlyMap<Way, number[]>;
  costs: ReadonlyMap<Way, number[]>;
  host: readonly number[];
  size: number;
}): Table {
  const { times, costs, host, size } = options;
  const rows = [...times].map(([way, runs]) => {
    const { median, p99, min, runs: count } = summarise(runs);
    return {
      network: way.title,
      runs: count,
      'median ms': median,
      'p99 ms': p99,
      'min ms': min,
      'ms each': median / size,
      'time / host': medianRatio(runs, host),
      'CPU ms each': summarise(costs.get(way) ?? []).median / size,
    };
  });
  return { title: `${size} concurrent runc run of busybox true`, rows };
}
