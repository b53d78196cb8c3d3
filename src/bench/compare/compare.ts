import type { Results } from '../paper/journal.js';
import { boundOf, levelOf, type Spread } from '../paper/report/summary.js';

export type Verdict = 'slower' | 'faster' | 'as before' | 'too few runs';

/** One contender at one level, then and now. */
export interface Compared {
  readonly contender: string;
  readonly atOnce: number;
  readonly beforeMs: number;
  readonly nowMs: number;
  readonly ratio: number;
  /** The ratio over that of host networking by the same engine: what a slower machine makes of all is taken out. */
  readonly overBound: number | null;
  readonly verdict: Verdict;
}

/** Fewer runs have no range that means anything: of three each, all apart come by chance once in twenty. */
const FEWEST_RUNS = 3;
/** What is smaller is of no consequence. */
const SLACK = 1.05;

/** What both measured, then and now. Pure. */
export function compareResults(before: Results, now: Results): Compared[] {
  return now.head.parts.flatMap((part) =>
    now.head.atOnce.flatMap((atOnce): Compared[] => {
      const [old, fresh] = [before, now].map((results) => levelOf(results, part.name, atOnce));
      if (!old?.total || !fresh?.total) return [];
      const ratio = fresh.total.median / old.total.median;
      const bound = part.isBound ? undefined : boundOf(now, part)?.name;
      const [oldBound, freshBound] = [before, now].map((results) =>
        bound === undefined ? undefined : levelOf(results, bound, atOnce)?.total,
      );
      const overBound = oldBound && freshBound ? ratio / (freshBound.median / oldBound.median) : null;
      const enough = Math.min(old.runs, fresh.runs) >= FEWEST_RUNS;
      return [
        {
          contender: part.title,
          atOnce,
          beforeMs: old.total.median,
          nowMs: fresh.total.median,
          ratio,
          overBound,
          verdict: enough ? verdictOf(old.total, fresh.total, overBound ?? ratio) : 'too few runs',
        },
      ];
    }),
  );
}

/** Slower or faster only where no run of the one is among those of the other, and by more than the machine itself. */
function verdictOf(old: Spread, fresh: Spread, ratio: number): Verdict {
  if (fresh.min > old.max && ratio > SLACK) return 'slower';
  if (fresh.max < old.min && ratio < 1 / SLACK) return 'faster';
  return 'as before';
}

/** Why the two should not be compared, if so: what they were measured on. */
export function differences(before: Results, now: Results): string[] {
  const of = ({ head }: Results): Readonly<Record<string, string>> => ({
    kernel: head.machine.kernel,
    processor: `${head.machine.cores} of ${head.machine.cpu}`,
    'Node.js': head.machine.node,
    ...head.versions,
  });
  const [then, today] = [of(before), of(now)];
  return Object.keys(today)
    .filter((name) => then[name] !== today[name])
    .map((name) => `${name}: ${then[name] ?? 'none'}, now ${today[name]}`);
}
