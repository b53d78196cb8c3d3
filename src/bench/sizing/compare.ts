import type { ArrivalPattern } from './arrivals.js';
import { MAX_ENDPOINTS, type Outcome, type PolicyChoice, type SimulatedRecycling, simulate } from './simulate.js';

/** One policy over every pattern, in their order. */
export interface Played {
  readonly policy: PolicyChoice;
  readonly outcomes: readonly Outcome[];
  /** Of all starts of all patterns together, those that were not warm. */
  readonly coldShare: number;
  /** The mean of the patterns' means: each pattern counts the same, however long it is. */
  readonly heldMean: number;
}

export interface Comparison {
  readonly demand: Played;
  /** The smallest fixed size that has no more cold starts than demand, chosen in hindsight. */
  readonly fixed: Played;
  /** The smallest marks that hold no less than demand, chosen in hindsight. */
  readonly watermark: Played;
}

/**
 * Demand against the others at their best: a fixed size that serves as many starts warm, and watermarks that hold as much.
 * One configuration serves all patterns: tomorrow's is not known.
 */
export async function compare(options: {
  patterns: readonly ArrivalPattern[];
  seed: number;
  recycle: SimulatedRecycling;
  minReady: number;
  idleSeconds: number;
}): Promise<Comparison> {
  const { minReady, idleSeconds } = options;
  const play = (policy: PolicyChoice) => playAll(policy, options);
  const demand = await play({ kind: 'demand', minReady, idleSeconds });
  const fixed = await smallest(
    (size) => play({ kind: 'fixed', minReady: size }),
    ({ coldShare }) => coldShare <= demand.coldShare,
  );
  const watermark = await smallest(
    // Half of it is the usual choice: fewer refills, and room for a burst while one is under way.
    (high) => play({ kind: 'watermark', low: Math.ceil(high / 2), high }),
    ({ heldMean }) => heldMean >= demand.heldMean,
  );
  return { demand, fixed, watermark };
}

async function playAll(
  policy: PolicyChoice,
  options: { patterns: readonly ArrivalPattern[]; recycle: SimulatedRecycling; seed: number },
): Promise<Played> {
  const { patterns, recycle, seed } = options;
  const outcomes: Outcome[] = [];
  for (const pattern of patterns) outcomes.push(await simulate({ pattern, policy, recycle, seed }));
  const starts = outcomes.reduce((sum, outcome) => sum + outcome.starts, 0);
  const notWarm = outcomes.reduce((sum, { cold, refused }) => sum + cold + refused, 0);
  const heldMean = outcomes.reduce((sum, outcome) => sum + outcome.heldMean, 0) / outcomes.length;
  return { policy, outcomes, coldShare: notWarm / starts, heldMean };
}

/** The play of the smallest size that is `enough`, by doubling and halving; of the largest size where none is. */
async function smallest(play: (size: number) => Promise<Played>, enough: (played: Played) => boolean): Promise<Played> {
  let [low, high] = [0, 8];
  let found = await play(high);
  while (!enough(found) && high < MAX_ENDPOINTS) {
    low = high;
    high = Math.min(MAX_ENDPOINTS, high * 2);
    found = await play(high);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const tried = await play(middle);
    if (enough(tried)) [high, found] = [middle, tried];
    else low = middle;
  }
  return found;
}
