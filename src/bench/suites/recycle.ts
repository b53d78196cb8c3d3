import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdClient } from '../../client/index.js';
import type { VerifyWay } from '../../endpoint/verify/verify.js';
import type { BenchOptions } from '../options.js';
import { openRecycled } from '../peers/recycled.js';
import { startDaemon } from '../programs/daemon-process.js';
import { nativeProgram, settleNamespaces } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { median, summarise } from '../report/statistics.js';

const WAYS = ['seal', 'proof', 'replace'] as const;
type Way = (typeof WAYS)[number];
/** Against destroying and building. */
const TARGETS: Readonly<Record<VerifyWay, number>> = { seal: 0.2, proof: 1.0 };
const MEMORY_TARGET_KIB = 8;
const CHURN_TARGET = 2;
const CHURNERS = 8;
const POOL = 'bench';
/** One acquire is due every so often, and its time counts from when it was due; a run's leases are released at its end. There is one run more than rounds. */
const SAMPLE_EVERY_US = 5_000;
const SAMPLES_A_RUN = 100;
/** Long enough for the kernel to have announced what building brings about, and for sockets to be freed. */
const SETTLED_MS = 300;

interface Cost {
  readonly wallMs: number;
  /** Of the whole machine, the kernel's cleaning up afterwards included. */
  readonly cpuMs: number;
}

/** Endpoints released at once: time and CPU until they are ready again, by each way; and acquires beside a churn. */
export async function benchRecycle({ sizes, rounds }: BenchOptions): Promise<Report> {
  const tables: Table[] = [];
  const claims: Claim[] = [];
  for (const size of sizes) {
    const { costs, kernelKiB } = await measure(size, rounds);
    tables.push(tableOf(costs, size));
    claims.push(...claimsOf(costs, size));
    claims.push(
      claim({
        name: `recycle ${size}: kernel memory of a seal`,
        measured: kernelKiB,
        unit: 'KiB an endpoint',
        comparison: 'at most',
        target: MEMORY_TARGET_KIB,
      }),
    );
  }
  const churned = await measureChurn(rounds + 1);
  tables.push(churned.table);
  claims.push(churned.claim);
  const notes = [
    'seal and proof: one request for all, as a pool asks; replace: destroyed, and built in batches of 16',
    'CPU is what /proc/stat counts for the whole machine, until the kernel has freed the namespaces: other work on it shows',
    "a seal's kernel memory is the growth of SUnreclaim; fingerprints are one for each pool, whatever its size",
  ];
  return { suite: 'recycle', tables, claims, notes };
}

async function measure(size: number, rounds: number) {
  const costs = new Map<Way, Cost[]>(WAYS.map((way) => [way, []]));
  const endpoints = await openRecycled();
  await endpoints.build(size);
  await delay(SETTLED_MS);
  await endpoints.warmUp();
  const before = unreclaimableKiB();
  await endpoints.seal();
  const kernelKiB = (unreclaimableKiB() - before) / size;
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const cost = await timed(() => (way === 'replace' ? endpoints.replace() : endpoints.verify(way)));
      costs.get(way)?.push(cost);
      await delay(SETTLED_MS);
      if (way === 'replace') await endpoints.seal();
    }
  }
  await endpoints.close();
  return { costs, kernelKiB };
}

async function timed(act: () => Promise<void>): Promise<Cost> {
  await settleNamespaces();
  const cpuBefore = busyMs();
  const startedMs = performance.now();
  await act();
  const wallMs = performance.now() - startedMs;
  await settleNamespaces();
  return { wallMs, cpuMs: busyMs() - cpuBefore };
}

/** CPU time of all processors that was not idle, in milliseconds; proc_stat(5). */
function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * 10;
}

function unreclaimableKiB(): number {
  return Number(/^SUnreclaim:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
}

function tableOf(costs: ReadonlyMap<Way, readonly Cost[]>, size: number): Table {
  const wall = (way: Way) => median((costs.get(way) ?? []).map(({ wallMs }) => wallMs));
  const cpu = (way: Way) => median((costs.get(way) ?? []).map(({ cpuMs }) => cpuMs));
  const rows = WAYS.map((way) => ({
    way,
    runs: costs.get(way)?.length ?? 0,
    'median ms': wall(way),
    'ms each': wall(way) / size,
    'time / replace': wall(way) / wall('replace'),
    'CPU ms': cpu(way),
    'CPU / replace': cpu(way) / cpu('replace'),
  }));
  return { title: `${size} endpoints released at once, until all are ready again`, rows };
}

function claimsOf(costs: ReadonlyMap<Way, readonly Cost[]>, size: number): Claim[] {
  const ways = Object.keys(TARGETS) as VerifyWay[];
  return ways.flatMap((way) =>
    (['wallMs', 'cpuMs'] as const).map((field) => {
      const ratios = (costs.get(way) ?? []).map((cost, at) => cost[field] / (costs.get('replace')?.[at]?.[field] ?? 1));
      return claim({
        name: `recycle ${size}: ${field === 'wallMs' ? 'time' : 'CPU time'} by ${way}`,
        measured: median(ratios),
        unit: 'of replacing',
        comparison: 'at most',
        target: TARGETS[way],
      });
    }),
  );
}

/** One client's acquires while nothing else happens, and while others acquire and release as fast as they can. */
async function measureChurn(sampleRuns: number): Promise<{ table: Table; claim: Claim }> {
  const pool = { name: POOL, subnet: '10.217.0.0/16', minReady: 128, max: 512 };
  const daemon = await startDaemon('recycle', [pool]);
  await sample(daemon.socket, sampleRuns);
  const idle = await sample(daemon.socket, sampleRuns);
  const stop = churn(daemon.socket);
  const churned = await sample(daemon.socket, sampleRuns);
  const released = await stop();
  await daemon.stop();
  const [still, busy] = [summarise(idle), summarise(churned)];
  const row = (name: string, { median: p50, p99 }: { median: number; p99: number }) => ({
    acquires: name,
    'p50 ms': p50,
    'p99 ms': p99,
  });
  return {
    table: {
      title: `One client's acquires; churn: ${CHURNERS} others, ${released} releases meanwhile`,
      rows: [row('idle', still), row('under churn', busy)],
    },
    claim: claim({
      name: 'acquire p99 under churn over idle',
      measured: busy.p99 / still.p99,
      unit: 'times',
      comparison: 'at most',
      target: CHURN_TARGET,
    }),
  };
}

/** By a program of its own: in this process it would wait for the churners' turns, not for the daemon. */
async function sample(socketPath: string, runs: number): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const args = [socketPath, POOL, '1', String(SAMPLES_A_RUN), String(SAMPLE_EVERY_US)];
    const { latenciesNs } = JSON.parse(await runProcess(nativeProgram('acquire-load'), args)) as {
      latenciesNs: number[];
    };
    times.push(...latenciesNs.map((ns) => ns / 1e6));
  }
  return times;
}

function churn(socketPath: string): () => Promise<number> {
  let going = true;
  let released = 0;
  const churner = async (): Promise<void> => {
    const client = new NetnsdClient({ socketPath });
    while (going) {
      const lease = await client.acquire({ wait: 10 });
      await client.release(lease.id);
      released += 1;
    }
    await client.close();
  };
  const all = Promise.all(Array.from({ length: CHURNERS }, churner));
  return async () => {
    going = false;
    await all;
    return released;
  };
}
