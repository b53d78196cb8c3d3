import { type ContainerdProcess, startContainerd } from '../programs/containerd-process.js';
import { startDaemon } from '../programs/daemon-process.js';
import { nativeProgram } from '../programs/native-programs.js';
import { RuncBundles } from '../programs/runc-bundles.js';
import { writeSettings } from '../programs/wrapper-settings.js';
import { quiet } from '../quiet.js';
import { type Claim, claim } from '../report/claim.js';
import type { Table } from '../report/report.js';
import { medianRatio, summarise } from '../report/statistics.js';
import { turnOf } from '../turns.js';

const MOST = 50;
const TARGET = 1.03;
const SETTINGS = '/run/bench-ctr.conf';

interface Way {
  readonly title: string;
  readonly flags: readonly string[];
  /** Whether netnsd has a full pool meanwhile. */
  readonly beside: boolean;
}

const WAYS: readonly [Way, Way, Way] = [
  { title: '--net-host', flags: ['--net-host'], beside: false },
  { title: 'empty new namespace', flags: [], beside: false },
  { title: '--runc-binary netnsd-runc', flags: ['--runc-binary', nativeProgram('netnsd-runc')], beside: true },
];

/** `ctr run` of as many containers at once, with netnsd-runc as the runtime, against host networking before netnsd started. */
export async function benchContainerd(options: {
  readonly bundles: RuncBundles;
  readonly rounds: number;
  readonly starts: number;
}): Promise<{ table: Table; claim: Claim }> {
  const { bundles, rounds } = options;
  const count = Math.min(options.starts, MOST);
  const pool = { name: 'ctr', subnet: '10.219.0.0/16', minReady: count, max: count };
  const containerd = await startContainerd({ NETNSD_RUNC_CONFIG: SETTINGS });
  const times = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  const run = async (round: number, ways: readonly Way[]): Promise<void> => {
    for (const way of turnOf(ways, round)) {
      const elapsedMs = await runAll({ containerd, count, rootfs: bundles.rootfs, flags: way.flags });
      if (round >= 0) times.get(way)?.push(elapsedMs);
      await quiet(options.starts);
    }
  };
  const bare = WAYS.filter(({ beside }) => !beside);
  const pooled = WAYS.filter(({ beside }) => beside);
  try {
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++) {
      if (round % 2 !== 0) await run(round, bare);
      const daemon = await startDaemon(`start-ctr-${round + 1}`, [pool]);
      writeSettings(SETTINGS, { runtime: 'runc', socket: daemon.socket, pool: pool.name });
      await quiet(options.starts);
      await run(round, pooled);
      await daemon.stop();
      await quiet(options.starts);
      if (round % 2 === 0) await run(round, bare);
    }
  } finally {
    await containerd.stop();
  }
  const host = times.get(WAYS[0]) ?? [];
  const rows = [...times].map(([{ title }, runs]) => {
    const { median, p99, min, runs: measured } = summarise(runs);
    return {
      network: title,
      runs: measured,
      'median ms': median,
      'p99 ms': p99,
      'min ms': min,
      'ms each': median / count,
      'time / bare host': medianRatio(runs, host),
    };
  });
  return {
    table: { title: `${count} concurrent ctr run of busybox true`, rows },
    claim: claim({
      name: `${count} concurrent ctr run with netnsd-runc`,
      measured: medianRatio(times.get(WAYS[2]) ?? [], host),
      unit: 'times a host without netnsd',
      comparison: 'at most',
      target: TARGET,
    }),
  };
}

async function runAll(options: {
  containerd: ContainerdProcess;
  count: number;
  rootfs: string;
  flags: readonly string[];
}) {
  const { containerd, count, rootfs, flags } = options;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const id = `c${index}`;
      const own = ['--rm', '--null-io', '--cgroup', RuncBundles.cgroup(id), ...flags];
      return containerd.ctr('run', ...own, '--rootfs', rootfs, id, '/bin/busybox', 'true');
    }),
  );
  return performance.now() - start;
}
