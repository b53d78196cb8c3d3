// Hand-written: a package for statistics would be installed with every daemon, for these few lines of its benchmarks.

/** Ascending copy; the other functions take any order and do not change what they are given. */
function sorted(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('no values to describe');
  return [...values].sort((a, b) => a - b);
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const ascending = sorted(values);
  const middle = ascending.length >> 1;
  const upper = ascending[middle] as number;
  return ascending.length % 2 === 1 ? upper : ((ascending[middle - 1] as number) + upper) / 2;
}

/** The nearest-rank percentile: the smallest value that at least `percent` of all do not exceed. Of few values, p99 is the largest. */
export function percentile(values: readonly number[], percent: number): number {
  const ascending = sorted(values);
  return ascending[Math.max(0, Math.ceil((percent / 100) * ascending.length) - 1)] as number;
}

/** What every table prints of a series. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  readonly p99: number;
  readonly min: number;
}

export function summarise(values: readonly number[]): Summary {
  return {
    runs: values.length,
    median: median(values),
    p99: percentile(values, 99),
    min: sorted(values)[0] as number,
  };
}

/**
 * The median of numerator over denominator, round by round: both were measured within the same round, so a machine that
 * is slower for a while is so for both. Rounds in which one of them did not run are left out.
 */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  const pairs = Math.min(numerators.length, denominators.length);
  return median(Array.from({ length: pairs }, (_, i) => (numerators[i] as number) / (denominators[i] as number)));
}
