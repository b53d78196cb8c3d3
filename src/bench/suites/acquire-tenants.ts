import { startDaemon } from '../programs/daemon-process.js';
import { type Claim, claim } from '../report/claim.js';
import type { Table } from '../report/report.js';
import { median, percentile } from '../report/statistics.js';
import { acquireOver } from './acquire-load.js';

const ACQUIRES = 10;
const TARGET_MS = 1;
/** Endpoints are replaced, so that each acquire is of one that had no tenant before. */
const pool = (name: string, subnet: string, isolation: string) => ({
  ...{ name, subnet, minReady: 50, max: 150 },
  more: `recycle = "replace"\nisolation = "${isolation}"\n`,
});
const POOLS = [pool('none', '10.217.0.0/16', 'none'), pool('tenant', '10.218.0.0/16', 'tenant')];

/** What it costs an acquire that the kernel is told of the endpoint's tenant: one client, pools with and without isolation of tenants. */
export async function benchTenants(rounds: number): Promise<{ table: Table; claims: Claim[] }> {
  const daemon = await startDaemon('acquire-tenants', POOLS);
  const latencies = new Map<string, number[]>(POOLS.map(({ name }) => [name, []]));
  // The first round warms up: it is run, but not counted.
  for (let round = -1; round < rounds; round++)
    for (const { name } of round % 2 === 0 ? POOLS : POOLS.toReversed()) {
      const load = { pool: name, connections: 1, total: ACQUIRES, interval: 0 };
      const { latenciesMs } = await acquireOver(daemon.socket, load);
      await daemon.settled();
      if (round >= 0) latencies.get(name)?.push(...latenciesMs);
    }
  await daemon.stop();
  const rows = [...latencies].map(([isolation, all]) => ({
    isolation,
    acquires: all.length,
    'p50 ms': median(all),
    'p99 ms': percentile(all, 99),
  }));
  const [none, tenant] = rows.map((row) => row['p50 ms']);
  const measured = (tenant ?? 0) - (none ?? 0);
  const name = 'change of tenant: added to the median of an acquire';
  const claims = [claim({ name, measured, unit: 'ms', comparison: 'at most', target: TARGET_MS })];
  return { table: { title: 'Acquire of endpoints that had no tenant, one client', rows }, claims };
}
