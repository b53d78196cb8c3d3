import { packagePath } from '../../version.js';
import type { BenchOptions } from '../options.js';
import { openConstantServer } from '../peers/constant-server.js';
import { type Launched, launch } from '../programs/launch.js';
import { settleNamespaces } from '../programs/native-programs.js';
import { claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { medianRatio, summarise } from '../report/statistics.js';
import { turnOf } from '../turns.js';

const POOL = { name: 'default', subnet: '10.217.0.0/16', minReady: 1, max: 16 };
const TARGET = 0.25;
/** This checkout. */
export const HOME = packagePath('.').replace(/\/$/, '');

interface Contender {
  readonly title: string;
  readonly run: (round: number) => Promise<number>;
}

/**
 * From exec of `netnsd serve` to its first answer, beside a fastify server that answers a constant, and beside another
 * checkout (`--against`) if one is named.
 */
export async function benchBoot({ rounds, against }: BenchOptions): Promise<Report> {
  const own = contender('netnsd serve', HOME);
  const other = against === undefined ? undefined : contender(`netnsd serve of ${against}`, against);
  const constant: Contender = { title: 'fastify, a constant', run: bootConstant };
  const contenders = [own, ...(other ? [other] : []), constant];
  const times = new Map<Contender, number[]>(contenders.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of turnOf(contenders, round)) {
      await settleNamespaces();
      times.get(one)?.push(await one.run(round));
    }
  }
  const runsOf = (one: Contender) => times.get(one) ?? [];
  const rows = contenders.map((one) => {
    const { runs, median, min, p99 } = summarise(runsOf(one));
    const ratio = medianRatio(runsOf(own), runsOf(one));
    return { server: one.title, runs, 'median ms': median, 'min ms': min, 'p99 ms': p99, 'netnsd over it': ratio };
  });
  const table: Table = { title: 'From exec to the first answer over the unix socket', rows };
  const claims = other
    ? [
        claim({
          name: 'exec to first answer',
          measured: medianRatio(runsOf(own), runsOf(other)),
          unit: `times ${against}`,
          comparison: 'at most',
          target: TARGET,
        }),
      ]
    : [];
  return { suite: 'boot', tables: [table], claims, notes: NOTES };
}

const NOTES = [
  'the socket is asked every 2 ms, the daemon for its pools, which it answers when it has started; each start is on an empty state directory',
];

function contender(title: string, home: string): Contender {
  return { title, run: (round) => boot(launch({ home, name: `boot-${title.length}-${round}`, pool: POOL })) };
}

async function boot(daemon: Launched): Promise<number> {
  try {
    return await daemon.until('/v1/pools', () => true);
  } finally {
    await daemon.stop();
  }
}

async function bootConstant(): Promise<number> {
  const server = await openConstantServer();
  await server.stop();
  return server.startedAfterMs;
}
