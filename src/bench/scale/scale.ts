import { writeFileSync } from 'node:fs';
import type { BenchOptions } from '../options.js';
import { RuncBundles } from '../programs/runc-bundles.js';
import type { Report, Table } from '../report/report.js';
import { median, percentile } from '../report/statistics.js';
import { scaleClaims } from './claims.js';
import { measureAt, type Scaled } from './measure.js';
import { type Panel, panelsSvg } from './panels.js';

/** What pools of several sizes take and cost, against a host without netnsd; one daemon a size and round. */
export async function benchScale({ sizes, rounds, starts, plot }: BenchOptions): Promise<Report> {
  const bundles = await RuncBundles.create();
  const measured: Scaled[] = [];
  try {
    for (let round = 0; round < rounds; round++)
      for (const size of sizes) measured.push(await measureAt({ size, round, starts, bundles }));
    const all = sizes.map((size) => summarised(measured.filter((one) => one.size === size)));
    if (plot !== undefined) writeFileSync(plot, await panelsSvg(panelsOf(all)));
    const details = { spread: all.map(({ size, spread }) => ({ endpoints: size, ...spread })) };
    return { suite: 'scale', tables: tablesOf(all), claims: scaleClaims(all), notes: NOTES, details };
  } finally {
    bundles.remove();
  }
}

const NOTES = [
  'bare host: before the daemon has started and after `netnsd down`; 50 at once: the median of three rounds beside the pool over that of six without',
  'packets: at the first endpoint while all others are built',
  'first answer and reconciled: from exec after SIGKILL with all endpoints ready, three times, in turns with a daemon that has none; reconciled is when requests for leases are answered over HTTP too',
  'shelf: netnsd acquire --path from fork to end; HTTP: one kept connection; one after the other',
  "the daemon's memory is read when it has been at rest for four seconds; kernel memory is the growth of Slab and Percpu of the whole machine",
];

/** The medians over all rounds of one size; of acquires, all of them. */
export type Summary = ReturnType<typeof summarised>;

export function summarised(rounds: readonly Scaled[]) {
  const of = (read: (one: Scaled) => number): number => median(rounds.map(read));
  const shelf = rounds.flatMap((one) => one.shelf);
  const http = rounds.flatMap((one) => one.http);
  const restarts = rounds.flatMap((one) => one.restarts);
  return {
    size: rounds[0]?.size ?? 0,
    atOnce: rounds[0]?.beside.atOnce ?? 0,
    fillMs: of((one) => one.fillMs),
    buildMsEach: of((one) => one.buildMsEach),
    packets: of((one) => one.packets),
    residentMb: of((one) => one.residentMb),
    kernelKiBEach: of((one) => one.kernelKiBEach),
    shelfMs: { p50: median(shelf), p99: percentile(shelf, 99) },
    httpMs: { p50: median(http), p99: percentile(http, 99) },
    answerMs: median(restarts.map(({ answerMs }) => answerMs)),
    noneMs: median(restarts.map(({ noneMs }) => noneMs)),
    reconciledMs: median(restarts.map(({ reconciledMs }) => reconciledMs)),
    destroyMs: of((one) => one.destroyMs),
    one: { bareMs: of((one) => bareOf(one, 'oneMs')), ratio: of((one) => one.beside.oneMs / bareOf(one, 'oneMs')) },
    many: {
      bareMs: of((one) => median(bareBursts(one))),
      ratio: of((one) => median(one.beside.manyMs) / median(bareBursts(one))),
    },
    list: { bareMs: of((one) => bareOf(one, 'listMs')), besideMs: of((one) => one.beside.listMs) },
    links: of((one) => one.beside.links - bareOf(one, 'links')),
    mounts: of((one) => one.beside.mounts - bareOf(one, 'mounts')),
    spread: {
      'first answer ms': spreadOf(restarts.map(({ answerMs }) => answerMs)),
      'with none ms': spreadOf(restarts.map(({ noneMs }) => noneMs)),
      'reconciled ms': spreadOf(restarts.map(({ reconciledMs }) => reconciledMs)),
      'many at once, bare ms': spreadOf(rounds.flatMap(bareBursts)),
      'many at once ms': spreadOf(rounds.flatMap(({ beside }) => beside.manyMs)),
    },
  };
}

function bareOf({ bare }: Scaled, figure: 'oneMs' | 'listMs' | 'links' | 'mounts'): number {
  return median(bare.map((cost) => cost[figure]));
}

function bareBursts({ bare }: Scaled): number[] {
  return bare.flatMap(({ manyMs }) => manyMs);
}

/** For `--json`. */
function spreadOf(values: readonly number[]) {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

function tablesOf(all: readonly Summary[]): Table[] {
  return [
    {
      title: 'Building, restarting and removing a whole pool',
      rows: all.map((one) => ({
        endpoints: one.size,
        'filled after s': one.fillMs / 1000,
        'build ms each': one.buildMsEach,
        'packets seen': one.packets,
        'first answer ms': one.answerMs,
        'with none ms': one.noneMs,
        'reconciled ms': one.reconciledMs,
        'down s': one.destroyMs / 1000,
      })),
    },
    {
      title: 'Acquires, and memory at rest',
      rows: all.map((one) => ({
        endpoints: one.size,
        'shelf p50 ms': one.shelfMs.p50,
        'shelf p99 ms': one.shelfMs.p99,
        'HTTP p50 ms': one.httpMs.p50,
        'HTTP p99 ms': one.httpMs.p99,
        'daemon RSS MB': one.residentMb,
        'kernel KiB each': one.kernelKiBEach,
      })),
    },
    {
      title: 'The host beside a full pool: runc run with host networking, its links and mounts',
      rows: all.map((one) => ({
        endpoints: one.size,
        'one, bare ms': one.one.bareMs,
        'one / bare': one.one.ratio,
        [`${one.atOnce} at once, bare ms`]: one.many.bareMs,
        [`${one.atOnce} at once / bare`]: one.many.ratio,
        'ip link, bare ms': one.list.bareMs,
        'ip link ms': one.list.besideMs,
        'links more': one.links,
        'mounts more': one.mounts,
      })),
    },
  ];
}

function panelsOf(all: readonly Summary[]): Panel[] {
  const line = (name: string, read: (one: Summary) => number) => ({
    name,
    points: all.map((one) => [one.size, read(one)] as const),
  });
  return [
    {
      title: 'Filled after a start, and down',
      unit: 's',
      lines: [line('filled', (one) => one.fillMs / 1000), line('down', (one) => one.destroyMs / 1000)],
    },
    { title: 'Build, an endpoint', unit: 'ms', lines: [line('build', (one) => one.buildMsEach)] },
    {
      title: 'Restart after SIGKILL',
      unit: 'ms',
      lines: [line('first answer', (one) => one.answerMs), line('reconciled', (one) => one.reconciledMs)],
    },
    {
      title: 'Acquire, median',
      unit: 'ms',
      lines: [line('shelf', (one) => one.shelfMs.p50), line('HTTP', (one) => one.httpMs.p50)],
    },
    {
      title: 'runc run beside the pool, over a bare host',
      unit: 'times',
      lines: [line('one', (one) => one.one.ratio), line(`${all[0]?.atOnce} at once`, (one) => one.many.ratio)],
    },
    { title: 'Resident memory of the daemon', unit: 'MB', lines: [line('daemon', (one) => one.residentMb)] },
  ];
}
