import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { toNetnsdError } from '../../errors.js';
import { type Claim, claim } from '../report/claim.js';
import { describeMachine } from '../report/machine.js';
import { type Report, reportJson, reportText, type Table } from '../report/report.js';
import { type ArrivalPattern, arrivalPatterns, parseTrace } from '../sizing/arrivals.js';
import { type Comparison, compare, type Played } from '../sizing/compare.js';
import { parseSizingOptions, SIZING_HELP, type SizingOptions } from '../sizing/options.js';
import { plotSvg } from '../sizing/plot.js';
import type { PolicyChoice } from '../sizing/simulate.js';

/** `netnsd bench sizing`: simulates and prints; needs neither root nor a sandbox. Returns the exit status. */
export async function runSizing(argv: readonly string[]): Promise<number> {
  const options = parseSizingOptions(argv);
  if (options === undefined) {
    process.stdout.write(SIZING_HELP);
    return 0;
  }
  const report = await benchSizing(options);
  const machine = describeMachine();
  process.stdout.write(`${options.json ? reportJson(report, machine) : reportText(report, machine)}\n`);
  return options.check && report.claims.some(({ met }) => !met) ? 1 : 0;
}

/** Compares the policies over the patterns, or over one trace; writes the plot where one is asked for. */
export async function benchSizing(options: SizingOptions): Promise<Report> {
  const { seed, trace, plot, minReady, idleSeconds, recycle } = options;
  const patterns = trace === null ? arrivalPatterns(seed) : [readTrace(trace)];
  const comparison = await compare({ patterns, seed, recycle, minReady, idleSeconds });
  const all = [comparison.demand, comparison.fixed, comparison.watermark];
  if (plot !== null) {
    const lines = all.map((played) => ({
      name: nameOf(played.policy),
      held: played.outcomes.map(({ heldByPart }) => heldByPart),
    }));
    writeFileSync(plot, plotSvg(patterns, lines));
  }
  const tables = patterns.map((pattern, index) => tableOf(pattern, index, { all, kib: options.kib }));
  return {
    suite: 'sizing',
    tables: [...tables, totalOf(all, options.kib)],
    claims: claimsOf(comparison),
    notes: notesOf(recycle),
  };
}

const notesOf = (recycle: string) => [
  `the product's own pool over simulated time: one build at a time, 1.2 ms an endpoint (median) in batches of 16, a mean life of 20 s, recycle = "${recycle}"`,
  'held: endpoints that exist and are not leased; leased ones are the same for all',
  'fixed is the smallest size that has no more cold starts than demand over all patterns, watermark the smallest marks that hold no less: both known in hindsight only',
];

function readTrace(path: string): ArrivalPattern {
  try {
    return parseTrace(basename(path), readFileSync(path, 'utf8'));
  } catch (error) {
    throw toNetnsdError(error);
  }
}

function nameOf(policy: PolicyChoice): string {
  switch (policy.kind) {
    case 'demand':
      return `demand, from ${policy.minReady} up`;
    case 'fixed':
      return `fixed ${policy.minReady}`;
    case 'watermark':
      return `watermark ${policy.low} to ${policy.high}`;
  }
}

const mib = (endpoints: number, kib: number) => (endpoints * kib) / 1024;

function tableOf(pattern: ArrivalPattern, index: number, { all, kib }: { all: readonly Played[]; kib: number }): Table {
  const rows = all.flatMap(({ policy, outcomes }) => {
    const outcome = outcomes[index];
    if (outcome === undefined) return [];
    const { starts, cold, refused, heldMean, heldPeak, leasedMean } = outcome;
    return [
      {
        policy: nameOf(policy),
        starts,
        cold,
        refused,
        'cold %': (100 * (cold + refused)) / starts,
        'held mean': heldMean,
        'held peak': heldPeak,
        'held mean MiB': mib(heldMean, kib),
        'held peak MiB': mib(heldPeak, kib),
        'leased mean': leasedMean,
      },
    ];
  });
  return { title: `${pattern.name}: ${pattern.meaning}`, rows };
}

function totalOf(all: readonly Played[], kib: number): Table {
  const rows = all.map(({ policy, coldShare, heldMean }) => ({
    policy: nameOf(policy),
    'cold %': 100 * coldShare,
    'held mean': heldMean,
    'held mean MiB': mib(heldMean, kib),
  }));
  return { title: 'Together, each pattern counting the same for what is held', rows };
}

function claimsOf({ demand, fixed, watermark }: Comparison): Claim[] {
  return [
    claim({
      name: 'memory held by demand over a fixed size with as few cold starts',
      measured: demand.heldMean / fixed.heldMean,
      unit: 'of it',
      comparison: 'at most',
      target: 0.8,
    }),
    claim({
      name: 'cold starts of demand over watermarks that hold as much',
      measured:
        watermark.coldShare === 0
          ? demand.coldShare === 0
            ? 1
            : Number.POSITIVE_INFINITY
          : demand.coldShare / watermark.coldShare,
      unit: 'of them',
      comparison: 'at most',
      target: 0.8,
    }),
  ];
}
