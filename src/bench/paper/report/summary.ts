import { median, percentile } from '../../report/statistics.js';
import type { Language } from '../functions.js';
import type { Part, Results, Run } from '../journal.js';
import type { RequestTimes } from '../stages.js';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** All runs of one contender at one level. */
export interface Level {
  readonly runs: number;
  readonly failed: number;
  /** Why the first failed that did. */
  readonly error: string | null;
  /** Milliseconds from the first request sent until the last was answered, run by run; null if all failed. */
  readonly total: Spread | null;
  /** Until nothing was left. */
  readonly done: Spread | null;
  /** Of each request, from sent to answered. */
  readonly request: (Spread & { readonly p99: number }) | null;
}

export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

const totalOf = ({ requests }: Run) => Math.max(...requests.map(({ answeredMs }) => answeredMs));

/** The runs of a contender at a level that did not fail. */
export function goodRuns(results: Results, contender: string, atOnce: number, language: Language = 'c'): Run[] {
  return runsOf(results, contender, atOnce, language).filter(({ error }) => error === null);
}

function runsOf({ runs }: Results, contender: string, atOnce: number, language: Language): Run[] {
  return runs.filter((run) => run.contender === contender && run.atOnce === atOnce && run.language === language);
}

/** What is known of a contender at a level; undefined if it was not measured. */
export function levelOf(
  results: Results,
  contender: string,
  atOnce: number,
  language: Language = 'c',
): Level | undefined {
  const all = runsOf(results, contender, atOnce, language);
  if (all.length === 0) return undefined;
  const good = all.filter(({ error }) => error === null);
  const requests = good.flatMap((run) => run.requests.map(({ sentMs, answeredMs }) => answeredMs - sentMs));
  const ofRequests = spread(requests);
  return {
    runs: good.length,
    failed: all.length - good.length,
    error: all.find(({ error }) => error !== null)?.error ?? null,
    total: spread(good.map(totalOf)),
    done: spread(good.map((run) => Math.max(...run.requests.map(({ doneMs }) => doneMs)))),
    request: ofRequests === null ? null : { ...ofRequests, p99: percentile(requests, 99) },
  };
}

/** The run whose total is the median's nearest, for timelines. */
export function typicalRun(results: Results, contender: string, atOnce: number): Run | undefined {
  const runs = goodRuns(results, contender, atOnce).sort((a, b) => totalOf(a) - totalOf(b));
  return runs[Math.floor((runs.length - 1) / 2)];
}

/** The request that is the p99 of all by the time until nothing was left. */
export function p99Request(results: Results, contender: string, atOnce: number): RequestTimes | undefined {
  const requests = goodRuns(results, contender, atOnce).flatMap((run) => run.requests);
  requests.sort((a, b) => a.doneMs - a.sentMs - (b.doneMs - b.sentMs));
  return requests[Math.ceil(0.99 * requests.length) - 1];
}

/** The contender by which the tax of `part` is found: its engine with host networking. */
export function boundOf({ head }: Results, part: Part): Part | undefined {
  return head.parts.find(({ engine, isBound, lacks }) => isBound && engine === part.engine && lacks.length === 0);
}

/** What the network adds to each start, by medians: milliseconds, and times the bound. Undefined where one was not measured. */
export function taxOf(results: Results, part: Part, atOnce: number): { eachMs: number; ratio: number } | undefined {
  const bound = boundOf(results, part);
  if (bound === undefined || part.isBound || part.mode === 'warm' || part.mode === 'pre-warm') return undefined;
  const own = levelOf(results, part.name, atOnce)?.total;
  const least = levelOf(results, bound.name, atOnce)?.total;
  if (!own || !least) return undefined;
  return { eachMs: (own.median - least.median) / atOnce, ratio: own.median / least.median };
}

/** Whether anything of `name` was measured that did not fail. */
export function wasMeasured({ runs }: Results, name: string): boolean {
  return runs.some(({ contender, error }) => contender === name && error === null);
}

/** The level nearest to what the paper shows, of those measured. */
export function nearestLevel({ head }: Results, wanted: number): number {
  return head.atOnce.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
}

/** A cold contender, and the pooled one of the same engine that is held against it. */
export const PAIRS = [
  { cold: 'docker-bridge', pooled: 'docker-pause' },
  { cold: 'cni-bridge-masq', pooled: 'netnsd-runc' },
  { cold: 'ctr-cni', pooled: 'ctr-netnsd' },
] as const;
