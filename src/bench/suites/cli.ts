import { spawnSync } from 'node:child_process';
import { NetnsdError } from '../../errors.js';
import type { BenchOptions } from '../options.js';
import { startDaemon } from '../programs/daemon-process.js';
import { nativeProgram } from '../programs/native-programs.js';
import { claim } from '../report/claim.js';
import type { Report } from '../report/report.js';
import { median, percentile } from '../report/statistics.js';

const TARGET_MS = 2;

/** What `netnsd acquire --path` and `netnsd release` cost a script, beside `/bin/true`. */
export async function benchCli({ rounds }: BenchOptions): Promise<Report> {
  const pool = { name: 'default', subnet: '10.217.0.0/16', minReady: 32, max: 64 };
  const daemon = await startDaemon('cli', [pool]);
  const netnsd = nativeProgram('netnsd');
  const place = ['--socket', daemon.socket];
  const times = { true: [] as number[], acquire: [] as number[], release: [] as number[] };
  try {
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++) {
      const id = `cli-${round}`;
      const nothing = timed('/bin/true', []);
      const acquire = timed(netnsd, ['acquire', '--path', '--id', id, ...place]);
      const release = timed(netnsd, ['release', '--id', id, ...place]);
      await daemon.settled();
      if (round < 0) continue;
      times.true.push(nothing);
      times.acquire.push(acquire);
      times.release.push(release);
    }
  } finally {
    await daemon.stop();
  }
  const base = median(times.true);
  const rows = Object.entries(times).map(([command, runs]) => ({
    command: command === 'true' ? '/bin/true' : `netnsd ${command}`,
    runs: runs.length,
    'median ms': median(runs),
    'p99 ms': percentile(runs, 99),
    'more than true, ms': median(runs) - base,
  }));
  const claims = (['acquire', 'release'] as const).map((command) =>
    claim({
      name: `netnsd ${command}: more than /bin/true`,
      measured: median(times[command]) - base,
      unit: 'ms',
      comparison: 'at most',
      target: TARGET_MS,
    }),
  );
  const title = 'One command at a time, from fork to end';
  return { suite: 'cli', tables: [{ title, rows }], claims, notes: [] };
}

/** Milliseconds that a command takes from fork to end; throws if it fails. */
function timed(file: string, args: readonly string[]): number {
  const startMs = performance.now();
  const { status, stderr, error } = spawnSync(file, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const tookMs = performance.now() - startMs;
  if (status !== 0) throw new NetnsdError('internal', `${file} ${args[0] ?? ''}: ${error?.message ?? stderr.trim()}`);
  return tookMs;
}
