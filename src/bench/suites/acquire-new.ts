import { setTimeout as delay } from 'node:timers/promises';
import { openConstantServer } from '../peers/constant-server.js';
import { startDaemon } from '../programs/daemon-process.js';
import { type Claim, claim } from '../report/claim.js';
import type { Table } from '../report/report.js';
import { medianRatio, percentile } from '../report/statistics.js';
import { acquireOver } from './acquire-load.js';

const CLIENTS = 100;
/** Bursts on one server: the first meets code that never ran. */
const BURSTS = ['first', 'second', 'third'] as const;
const PAUSE_MS = 500;
const TARGET = 3;
const POOL = { name: 'bench', subnet: '10.217.0.0/16', minReady: 300, max: 900 };

type Side = 'netnsd' | 'constant';
/** p99 in milliseconds of each burst, a list a round. */
type Series = Record<(typeof BURSTS)[number], Record<Side, number[]>>;

/** 100 acquires at once on new connections, right after a start and later, beside a fastify server that answers a constant. */
export async function benchNewConnections(rounds: number): Promise<{ table: Table; claims: Claim[] }> {
  const series = Object.fromEntries(BURSTS.map((burst) => [burst, { netnsd: [], constant: [] }])) as unknown as Series;
  for (let round = 0; round < rounds; round++) {
    const sides: Side[] = round % 2 === 0 ? ['netnsd', 'constant'] : ['constant', 'netnsd'];
    for (const side of sides) {
      await using server = await open(side, round);
      for (const burst of BURSTS) {
        const { latenciesMs } = await acquireOver(server.socket, { connections: CLIENTS, interval: 'new' });
        series[burst][side].push(percentile(latenciesMs, 99));
        await server.settled();
        await delay(PAUSE_MS);
      }
    }
  }
  const rows = BURSTS.map((burst) => ({
    burst,
    rounds,
    'netnsd p99 ms': percentile(series[burst].netnsd, 50),
    'constant p99 ms': percentile(series[burst].constant, 50),
    ratio: medianRatio(series[burst].netnsd, series[burst].constant),
  }));
  const claims = rows.map(({ burst, ratio }) =>
    claim({
      name: `${CLIENTS} at once on new connections, ${burst} burst: p99`,
      measured: ratio,
      unit: 'times a constant',
      comparison: 'at most',
      target: TARGET,
    }),
  );
  return { table: { title: `${CLIENTS} acquires at once, each on a connection of its own`, rows }, claims };
}

interface Server extends AsyncDisposable {
  readonly socket: string;
  settled(): Promise<void>;
}

async function open(side: Side, round: number): Promise<Server> {
  if (side === 'constant') {
    const { socket, stop } = await openConstantServer();
    return { socket, settled: async () => {}, [Symbol.asyncDispose]: stop };
  }
  const { socket, settled, stop } = await startDaemon(`acquire-new-${round}`, [POOL]);
  return { socket, settled, [Symbol.asyncDispose]: stop };
}
