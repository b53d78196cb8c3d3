import { Random } from '../../src/bench/sizing/random.js';
import type { Pass } from './daemon.js';
import type { Fault, PlannedFault } from './faults/types.js';
import { type Lane, PHASES, type Phase } from './lane.js';

/** A point as it was passed in one phase. */
export interface Point {
  readonly phase: Phase;
  readonly thread: string;
  readonly point: string;
  readonly errnos: readonly string[];
  readonly count: number;
}

export function countPoints(phase: Phase, passes: readonly Pass[]): Point[] {
  const counts = new Map<string, Point>();
  for (const { thread, point, errnos } of passes) {
    const key = `${thread} ${point}`;
    counts.set(key, { phase, thread, point, errnos, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** All points of all phases. */
export async function recordPoints(lane: Lane): Promise<Point[]> {
  const points: Point[] = [];
  for (const phase of PHASES) points.push(...countPoints(phase, await lane.record(phase)));
  return points;
}

export interface Step {
  readonly phase: Phase;
  readonly planned: PlannedFault;
}

/**
 * In the short form killed after the first pass of each point (which is before the next one of that thread), failed in
 * one of its ways, and, for netlink requests, with the answers lost. In the long form killed before and after, failed in
 * each way, and all of that at the last pass as well.
 */
export function stepsOf(points: readonly Point[], { long }: { long: boolean }): Step[] {
  return points.flatMap(({ phase, thread, point, errnos, count }) => {
    const kills: Fault[] = long ? [{ act: 'kill before' }, { act: 'kill after' }] : [{ act: 'kill after' }];
    const failures = (long ? errnos : errnos.slice(0, 1)).map(failureOf);
    // A lost answer is unlike any other failure: what was asked has been done.
    if (!long) failures.push(...errnos.filter((errno) => errno.startsWith('lost:')).map(failureOf));
    return (long && count > 1 ? [1, count] : [1]).flatMap((nth) =>
      [...kills, ...failures].map((fault) => ({
        phase,
        planned: { thread: thread as PlannedFault['thread'], point, nth, fault },
      })),
    );
  });
}

function failureOf(errno: string): Fault {
  return errno.startsWith('lost:') ? { act: 'lose', errno: errno.slice(5) } : { act: 'fail', errno };
}

/** One of each `every` that follow each other, by the lot: kinds of faults take turns in the list. */
export function sampleOf(steps: readonly Step[], { every, seed }: { every: number; seed: number }): Step[] {
  const random = new Random(seed);
  const sample: Step[] = [];
  for (let from = 0; from < steps.length; from += every) {
    const block = steps.slice(from, from + every);
    sample.push(block[Math.floor(random.next() * block.length)] as Step);
  }
  return sample;
}

export interface Report {
  walked: number;
  readonly missed: Step[];
  readonly wrong: string[];
}

const STARTS_A_GROUP = 12;

/** Takes steps off the list until it is empty. Several lanes may walk one list. */
export async function walk(
  lane: Lane,
  steps: Step[],
  { report, long }: { report: Report; long: boolean },
): Promise<void> {
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const group = [step];
    while (!long && step.phase === 'start' && group.length < STARTS_A_GROUP && steps[0]?.phase === 'start')
      group.push(steps.shift() as Step);
    let again: Step[] = group;
    if (group.length > 1) {
      const { hits, wrong } = await lane.strikeStarts(group.map(({ planned }) => planned));
      note(report, group, wrong);
      again = group.filter((_, i) => !hits[i]);
      report.walked += group.length - again.length;
    }
    for (const one of again) await walkOne(lane, one, report);
  }
}

/** One that was not reached is tried once more: what comes in which order is partly the machine's. */
async function walkOne(lane: Lane, step: Step, report: Report): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { hit, wrong } = await lane.strike(step.phase, step.planned);
    note(report, [step], wrong);
    if (!hit) continue;
    report.walked += 1;
    return;
  }
  report.missed.push(step);
}

function note(report: Report, steps: readonly Step[], wrong: readonly string[]): void {
  if (wrong.length > 0)
    report.wrong.push(`${steps.map((step) => JSON.stringify(step)).join(', ')}: ${wrong.join('\n')}`);
}
