import type { BarChart, LineChart } from '../../plots/charts.js';
import type { Results } from '../journal.js';
import { STAGES } from '../stages.js';
import { FIGURE_6 } from './paper-figures.js';
import { boundOf, nearestLevel, PAIRS, p99Request, taxOf, typicalRun, wasMeasured } from './summary.js';
import { reduction } from './tables.js';

const HALF = { widthPx: 560, heightPx: 330 };
const titleOf = ({ head }: Results, name: string) => head.parts.find((part) => part.name === name)?.title ?? name;

/** Whole pairs only: a figure compares. */
function pairs(results: Results) {
  return PAIRS.filter(({ cold, pooled }) => wasMeasured(results, cold) && wasMeasured(results, pooled));
}

/** Figure 1a: the stages of the p99 request against concurrency; the axes of a pair are alike. */
export function stageFigures(results: Results): BarChart[] {
  const { atOnce } = results.head;
  return pairs(results).flatMap(({ cold, pooled }) => {
    const ends = [cold, pooled].flatMap((name) =>
      atOnce.map((count) => {
        const request = p99Request(results, name, count);
        return request === undefined ? 0 : request.doneMs - request.sentMs;
      }),
    );
    const most = ceiling(Math.max(...ends));
    return [cold, pooled].map((name) => ({
      ...HALF,
      most,
      title: titleOf(results, name),
      unit: 'ms, p99',
      isStacked: true,
      categories: atOnce.map(String),
      series: STAGES.flatMap((stage, colour) => {
        const values = atOnce.map((count) => p99Request(results, name, count)?.stages[stage] ?? null);
        return values.every((value) => value === null) ? [] : [{ name: stage, values, colour }];
      }),
    }));
  });
}

/** Figures 3 and 7: each request of the typical run as a bar from left to right, in the order of answers. */
export function timelines(results: Results): BarChart[] {
  const atOnce = nearestLevel(results, 50);
  return pairs(results).flatMap(({ cold, pooled }) => {
    const runs = [cold, pooled].map((name) => typicalRun(results, name, atOnce));
    const most = ceiling(Math.max(...runs.flatMap((run) => run?.requests.map(({ doneMs }) => doneMs) ?? [1])));
    return [cold, pooled].map((name, at) => {
      const requests = [...(runs[at]?.requests ?? [])].sort((a, b) => a.answeredMs - b.answeredMs);
      return {
        ...HALF,
        heightPx: 460,
        most,
        title: titleOf(results, name),
        unit: `ms, ${atOnce} at once`,
        isHorizontal: true,
        isStacked: true,
        categories: requests.map((_, index) => String(index + 1)),
        series: [
          { name: 'sent', isHidden: true, values: requests.map(({ sentMs }) => sentMs) },
          ...STAGES.flatMap((stage, colour) => {
            const values = requests.map(({ stages }) => stages[stage] ?? null);
            return values.every((value) => value === null) ? [] : [{ name: stage, values, colour }];
          }),
        ],
      };
    });
  });
}

/** Figure 6: per cent less than cold, pair by pair, and the paper's. */
export function reductionFigure(results: Results): BarChart {
  const { atOnce } = results.head;
  return {
    ...HALF,
    widthPx: 2 * HALF.widthPx,
    title: 'Time until the last answer, less than cold',
    unit: '%',
    hasValues: true,
    categories: atOnce.map((count) => `${count} at once`),
    series: [
      ...pairs(results).map(({ cold, pooled }) => ({
        name: `${titleOf(results, pooled)} for ${titleOf(results, cold)}`,
        values: atOnce.map((count) => reduction(results, cold, pooled, count)),
      })),
      { name: 'the paper', colour: 7, values: atOnce.map((count) => FIGURE_6[count] ?? null) },
    ],
  };
}

/** The tax of every contender at the highest level, the largest first. */
export function taxFigure(results: Results): BarChart {
  const most = nearestLevel(results, 100);
  const taxes = results.head.parts.flatMap((part) => {
    const tax = taxOf(results, part, most);
    return tax === undefined ? [] : [{ title: part.title, eachMs: tax.eachMs }];
  });
  taxes.sort((a, b) => b.eachMs - a.eachMs);
  return {
    widthPx: 2 * HALF.widthPx,
    heightPx: 70 + 30 * taxes.length,
    title: `The network tax at ${most} at once`,
    unit: 'ms each start, above host networking of the same engine',
    isHorizontal: true,
    hasValues: true,
    categories: taxes.map(({ title }) => title),
    series: [{ name: 'tax', values: taxes.map(({ eachMs }) => eachMs) }],
  };
}

/** Times the bound, by how many at once, for those that the claims are about. */
export function ratioFigure(results: Results): LineChart {
  const { atOnce, parts } = results.head;
  const names = ['docker-bridge', 'cni-bridge-masq', 'docker-pause', 'netnsd-runc'];
  return {
    widthPx: 2 * HALF.widthPx,
    heightPx: HALF.heightPx,
    title: 'Time until the last answer over host networking of the same engine, by requests at once',
    unit: 'times',
    xs: atOnce,
    series: parts
      .filter((part) => names.includes(part.name) && wasMeasured(results, part.name) && boundOf(results, part))
      .map((part) => ({
        name: part.title,
        values: atOnce.map((count) => taxOf(results, part, count)?.ratio ?? null),
      })),
  };
}

/** Starts of others beside pools at rest. */
export function besideFigure({ beside }: Results): LineChart {
  return {
    widthPx: 2 * HALF.widthPx,
    heightPx: HALF.heightPx,
    title: 'runc run with host networking beside a pool at rest, by its endpoints',
    unit: 'times a host without netnsd',
    xs: beside.map(({ poolSize }) => poolSize),
    series: [
      { name: 'one', values: beside.map(({ oneRatio }) => oneRatio) },
      { name: '50 at once', values: beside.map(({ manyRatio }) => manyRatio) },
    ],
  };
}

/** Two digits that count, rounded up. */
function ceiling(value: number): number {
  if (value <= 0) return 1;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / unit) * unit;
}
