import { type Claim, claim } from '../claim.js';
import { type ContainerdProcess, startContainerd } from '../containerd-process.js';
import { startDaemon } from '../daemon-process.js';
import { nativeProgram } from '../native-programs.js';
import { waitForQuiet } from '../quiet.js';
import type { Table } from '../report.js';
import { RuncBundles } from '../runc-bundles.js';
import { medianRatio, summarise } from '../statistics.js';
import { turnOf } from '../turns.js';
import { writeSettings } from '../wrapper-settings.js';

const COUNT = 50;
const TARGET = 1.03;
const SETTINGS = '/run/bench-ctr.conf';

/** `ctr run` of as many containers at once, with netnsd-runc as the runtime, against host networking. */
export async function benchContainerd(options: {
  readonly bundles: RuncBundles;
  readonly rounds: number;
}): Promise<{ table: Table; claim: Claim }> {
  const { bundles, rounds } = options;
  const ways: readonly [string, readonly string[]][] = [
    ['--net-host', ['--net-host']],
    ['--runc-binary netnsd-runc', ['--runc-binary', nativeProgram('netnsd-runc')]],
    ['empty new namespace', []],
  ];
  const pool = { name: 'ctr', subnet: '10.219.0.0/16', minReady: COUNT, max: COUNT };
  const daemon = await startDaemon('start-ctr', [pool]);
  writeSettings(SETTINGS, { runtime: 'runc', socket: daemon.socket, pool: pool.name });
  const containerd = await startContainerd({ NETNSD_RUNC_CONFIG: SETTINGS });
  const times = ways.map((): number[] => []);
  try {
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++) {
      for (const index of turnOf([...ways.keys()], round)) {
        const elapsedMs = await runAll({ containerd, rootfs: bundles.rootfs, flags: ways[index]?.[1] ?? [] });
        if (round >= 0) times[index]?.push(elapsedMs);
        await daemon.settled();
        await waitForQuiet();
      }
    }
  } finally {
    await containerd.stop();
    await daemon.stop();
  }
  const host = times[0] ?? [];
  const rows = ways.map(([title], index) => {
    const runs = times[index] ?? [];
    const { median, p99, min, runs: count } = summarise(runs);
    const ratio = medianRatio(runs, host);
    return {
      network: title,
      runs: count,
      'median ms': median,
      'p99 ms': p99,
      'min ms': min,
      'ms each': median / COUNT,
      'time / host': ratio,
    };
  });
  return {
    table: { title: `${COUNT} concurrent ctr run of busybox true`, rows },
    claim: claim({
      name: `${COUNT} concurrent ctr run with netnsd-runc`,
      measured: medianRatio(times[1] ?? [], host),
      unit: 'times --net-host',
      comparison: 'at most',
      target: TARGET,
    }),
  };
}

async function runAll(options: { containerd: ContainerdProcess; rootfs: string; flags: readonly string[] }) {
  const { containerd, rootfs, flags } = options;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: COUNT }, (_, index) => {
      const id = `c${index}`;
      const own = ['--rm', '--null-io', '--cgroup', RuncBundles.cgroup(id), ...flags];
      return containerd.ctr('run', ...own, '--rootfs', rootfs, id, '/bin/busybox', 'true');
    }),
  );
  return performance.now() - start;
}
