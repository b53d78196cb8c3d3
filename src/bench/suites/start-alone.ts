import { startDaemon } from '../programs/daemon-process.js';
import { nativeProgram } from '../programs/native-programs.js';
import { findProgram } from '../programs/prerequisites.js';
import type { RuncBundles } from '../programs/runc-bundles.js';
import { writeSettings } from '../programs/wrapper-settings.js';
import { quiet } from '../quiet.js';
import { type Claim, claim } from '../report/claim.js';
import type { Table } from '../report/report.js';
import { summarise } from '../report/statistics.js';

const RUNS_A_ROUND = 20;
const TARGET_MS = 2;
const SETTINGS = '/run/bench-alone.conf';

/**
 * What netnsd-runc itself costs one container: its `run` from start to end, lease and return included, with a runtime
 * that does nothing, less that program alone. Real runtimes take ten times as long, and their scatter would hide it.
 */
export async function benchAlone(options: {
  readonly bundles: RuncBundles;
  readonly rounds: number;
  readonly starts: number;
}): Promise<{ table: Table; claim: Claim }> {
  const { bundles, rounds, starts } = options;
  const nothing = findProgram('true') as string;
  const daemon = await startDaemon('start-alone', [{ name: 'one', subnet: '10.220.0.0/24', minReady: 4, max: 8 }]);
  writeSettings(SETTINGS, { runtime: nothing, socket: daemon.socket, pool: 'one' });
  const wrapper = { file: nativeProgram('netnsd-runc'), env: { NETNSD_RUNC_CONFIG: SETTINGS } };
  const times = { alone: [] as number[], wrapped: [] as number[] };
  // What the kernel has still to do for the suite before would be this one's.
  await quiet(starts);
  try {
    for (let round = -1; round < rounds * RUNS_A_ROUND; round++) {
      const bundle = bundles.write('alone', 'new');
      const clocks = {
        alone: () => bundles.run('alone', bundle, { file: nothing }),
        wrapped: () => bundles.run('alone', bundle, wrapper),
      };
      for (const way of round % 2 === 0 ? (['alone', 'wrapped'] as const) : (['wrapped', 'alone'] as const)) {
        const start = performance.now();
        await clocks[way]();
        if (round >= 0) times[way].push(performance.now() - start);
        await daemon.settled();
      }
    }
  } finally {
    await daemon.stop();
  }
  const rows = Object.entries({
    'a program that does nothing': times.alone,
    'the same behind netnsd-runc': times.wrapped,
  });
  const measured = summarise(times.wrapped).median - summarise(times.alone).median;
  return {
    table: {
      title: 'netnsd-runc itself, one container at a time',
      rows: rows.map(([runtime, runs]) => {
        const { median, p99, min, runs: count } = summarise(runs);
        return { runtime, runs: count, 'median ms': median, 'p99 ms': p99, 'min ms': min };
      }),
    },
    claim: claim({
      name: "netnsd-runc's own cost at one container",
      measured,
      unit: 'ms',
      comparison: 'at most',
      target: TARGET_MS,
    }),
  };
}
