import { POOL_KEYS } from '../../config/keys/index.js';
import type { BenchOptions } from '../options.js';
import { openReference } from '../peers/c-reference.js';
import { launch } from '../programs/launch.js';
import { settleNamespaces } from '../programs/native-programs.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { median, medianRatio } from '../report/statistics.js';
import { HOME } from './boot.js';

const TARGET = 0.85;

interface Round {
  /** Milliseconds from exec until the pool is full, less the time until one endpoint is ready. */
  readonly fillMs: number;
  readonly referenceMs: number;
}

/** How fast a pool fills after a start, JavaScript still cold, against a C program that sends the same requests. */
export async function benchFill({ sizes, rounds }: BenchOptions): Promise<Report> {
  const reference = await openReference(POOL_KEYS.buildBatch.initial);
  const tables: Table[] = [];
  const claims: Claim[] = [];
  for (const size of sizes) {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const own = async () => await fill(size, round);
      const other = async () => (await reference.run(size)).buildMs;
      const [first, second] = round % 2 === 0 ? [own, other] : [other, own];
      await settleNamespaces();
      const before = await first();
      await settleNamespaces();
      const after = await second();
      const [fillMs, referenceMs] = round % 2 === 0 ? [before, after] : [after, before];
      measured.push({ fillMs, referenceMs });
    }
    const fills = measured.map(({ fillMs }) => fillMs);
    const references = measured.map(({ referenceMs }) => referenceMs);
    const ratio = medianRatio(references, fills);
    tables.push({
      title: `${size} endpoints ready after a start`,
      rows: [
        { by: 'netnsd serve', runs: rounds, 'median ms': median(fills), 'speed / C': ratio },
        { by: 'C', runs: rounds, 'median ms': median(references), 'speed / C': 1 },
      ],
    });
    const name = `fill ${size} after a start: speed against C`;
    claims.push(claim({ name, measured: ratio, unit: 'of C', comparison: 'at least', target: TARGET }));
  }
  await reference.close();
  return { suite: 'fill', tables, claims, notes: NOTES };
}

const NOTES = [
  'netnsd: from exec until all are ready, less the time until one is; the pool is asked every 2 ms',
  'C makes the same endpoints by the same requests, a batch at a time, on one thread',
];

async function fill(size: number, round: number): Promise<number> {
  const pool = { name: 'bench', subnet: '10.217.0.0/16', minReady: size, max: size };
  const daemon = launch({ home: HOME, name: `fill-${size}-${round}`, pool });
  const ready = (atLeast: number) => (body: string) => (JSON.parse(body) as { ready: number }).ready >= atLeast;
  try {
    const firstMs = await daemon.until('/v1/pools/bench', ready(1));
    return (await daemon.until('/v1/pools/bench', ready(size))) - firstMs;
  } finally {
    await daemon.stop();
  }
}
