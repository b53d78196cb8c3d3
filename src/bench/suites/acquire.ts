import type { BenchOptions } from '../options.js';
import { type DaemonProcess, startDaemon } from '../programs/daemon-process.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report } from '../report/report.js';
import { median, medianRatio, percentile } from '../report/statistics.js';
import { acquireOver, POOL } from './acquire-load.js';
import { benchNewConnections } from './acquire-new.js';
import { benchTenants } from './acquire-tenants.js';

const CLIENTS = 100;
/** Rounds on new connections: each starts a daemon. */
const MOST_STARTS = 5;

/** One way of asking. `intervalUs` 0: as fast as answers come. */
interface Pattern {
  readonly title: string;
  readonly connections: number;
  readonly total: number;
  readonly intervalUs: number;
}

/** Latencies in milliseconds, a list a round. */
interface Series {
  readonly ready: number;
  readonly pattern: Pattern;
  readonly rounds: number[][];
  cold: number;
}

/** Leases taken from warm pools over the socket; the load comes from a C program, so that the clients are not measured. */
export async function benchAcquire({ sizes, rounds }: BenchOptions): Promise<Report> {
  const largest = Math.max(...sizes);
  const one: Pattern = { title: 'one client', connections: 1, total: Math.min(10, ...sizes), intervalUs: 0 };
  const burst: Pattern = { title: `burst: ${CLIENTS} at once`, connections: CLIENTS, total: CLIENTS, intervalUs: 0 };
  const paced: Pattern = {
    title: `paced: ${CLIENTS} clients, 1000 a second`,
    connections: CLIENTS,
    total: 200,
    intervalUs: 1000,
  };
  const loop: Pattern = { title: `closed loop: ${CLIENTS} clients`, connections: CLIENTS, total: 500, intervalUs: 0 };

  const many = [burst, paced, loop].filter(({ total }) => total <= largest);
  const series: Series[] = [];
  const daemons = new Map<number, DaemonProcess>();
  for (const [position, ready] of sizes.entries()) {
    const pool = { name: POOL, subnet: `10.${217 + position}.0.0/16`, minReady: ready, max: ready + 600 };
    daemons.set(ready, await startDaemon(`acquire-${position}`, [pool]));
    series.push({ ready, pattern: one, rounds: [], cold: 0 });
  }
  for (const pattern of many) series.push({ ready: largest, pattern, rounds: [], cold: 0 });

  // The first round warms up: it is run, but not counted.
  for (let round = -1; round < rounds; round++) {
    for (const entry of round % 2 === 0 ? series : series.toReversed()) {
      const daemon = daemons.get(entry.ready) as DaemonProcess;
      const { connections, total, intervalUs } = entry.pattern;
      const { latenciesMs, cold } = await acquireOver(daemon.socket, { connections, total, interval: intervalUs });
      await daemon.settled();
      if (round < 0) continue;
      entry.rounds.push(latenciesMs);
      entry.cold += cold;
    }
  }
  for (const daemon of daemons.values()) await daemon.stop();
  const fresh = await benchNewConnections(Math.min(rounds, MOST_STARTS));
  const tenants = await benchTenants(rounds);
  const claims = [...claimsOf(series, { one, burst, paced }), ...fresh.claims, ...tenants.claims];
  return { suite: 'acquire', tables: [tableOf(series), fresh.table, tenants.table], claims, notes: NOTES };
}

const NOTES = [
  'a burst and the closed loop make each client wait for those before it: their latency is the queue, not the service time',
  'paced: one acquire is due each millisecond, on the connections in turn, and its time counts from when it was due',
  'released leases are replaced, and pools are full and quiet again, before the next series; a refill runs beside each',
];

function tableOf(series: readonly Series[]) {
  const rows = series.map(({ ready, pattern, rounds, cold }) => {
    const all = rounds.flat();
    return {
      load: pattern.title,
      ready,
      acquires: all.length,
      cold,
      'p50 ms': median(all),
      'p99 ms': percentile(all, 99),
      'max ms': percentile(all, 100),
    };
  });
  return { title: 'Acquire over the unix socket, kept connections', rows };
}

function claimsOf(series: readonly Series[], patterns: Record<'one' | 'burst' | 'paced', Pattern>): Claim[] {
  const claims: Claim[] = [];
  const singles = series.filter(({ pattern }) => pattern === patterns.one);
  for (const { ready, rounds } of singles) {
    const measured = median(rounds.flat());
    const name = `one client, ${ready} ready: p50`;
    claims.push(claim({ name, measured, unit: 'ms', comparison: 'at most', target: 1 }));
  }
  for (const { pattern, rounds } of series.filter(({ pattern }) => pattern !== patterns.one)) {
    if (pattern !== patterns.burst && pattern !== patterns.paced) continue;
    const measured = percentile(rounds.flat(), 99);
    claims.push(claim({ name: `${pattern.title}: p99`, measured, unit: 'ms', comparison: 'at most', target: 5 }));
  }
  const [few, lots] = [singles.at(0), singles.at(-1)];
  if (few === undefined || lots === undefined || few === lots) return claims;
  const measured = medianRatio(lots.rounds.map(median), few.rounds.map(median));
  const name = `one client: median with ${lots.ready} ready over ${few.ready}`;
  claims.push(claim({ name, measured, unit: 'times', comparison: 'at most', target: 1.2 }));
  return claims;
}
