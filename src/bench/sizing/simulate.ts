import { hasCode } from '../../errors.js';
import { Pools } from '../../pool/pools.js';
import { DemandSizing, FixedSizing, type SizingPolicy } from '../../pool/sizing/sizing.js';
import type { PoolSettings } from '../../pool/types.js';
import type { ArrivalPattern } from './arrivals.js';
import { Random } from './random.js';
import { NO_RECORDS, SimulatedEndpoints } from './simulated-endpoints.js';
import { VirtualClock } from './virtual-clock.js';
import { WatermarkSizing } from './watermark.js';

/** How a pool is sized in a simulation; sizes are `min_ready`, or the two marks. */
export type PolicyChoice =
  | { readonly kind: 'demand'; readonly minReady: number; readonly idleSeconds: number }
  | { readonly kind: 'fixed'; readonly minReady: number }
  | { readonly kind: 'watermark'; readonly low: number; readonly high: number };

/** What becomes of released endpoints in a simulation: `recycle` of a pool. */
export type SimulatedRecycling = 'verify' | 'replace';

export interface Outcome {
  readonly starts: number;
  readonly cold: number;
  /** Not even a build: the pool was at its max. */
  readonly refused: number;
  /** Endpoints that exist and are not leased, over time. */
  readonly heldMean: number;
  readonly heldPeak: number;
  readonly leasedMean: number;
  /** The mean of `held` in each of equal parts of the time. */
  readonly heldByPart: readonly number[];
}

export const MAX_ENDPOINTS = 1000;
const BUILD_BATCH = 16;
/** A container's mean life. */
const LIFE_SECONDS = 20;
const PARTS = 720;
const SILENT = { info() {}, warn() {} };

/** Plays arrivals to the product's own pool, over endpoints that only take time. The same seed, the same outcome. */
export async function simulate(options: {
  pattern: ArrivalPattern;
  policy: PolicyChoice;
  recycle: SimulatedRecycling;
  seed: number;
}): Promise<Outcome> {
  const { pattern, policy, recycle, seed } = options;
  const clock = new VirtualClock();
  const lives = new Random(seed + 100);
  const held = new HeldOverTime(clock, pattern.seconds * 1000);
  const endpoints = new SimulatedEndpoints({
    clock,
    random: new Random(seed + 200),
    onChange: (existing) => held.exist(existing),
  });
  let seq = 0;
  const pools = new Pools({
    pools: [{ settings: settingsOf(policy, recycle), subnet: '10.0.0.0/16' }],
    endpoints,
    records: NO_RECORDS,
    nextSeq: () => ++seq,
    log: SILENT,
    clock,
    sizing: sizingOf(policy),
  });
  pools.start();
  const counts = { starts: 0, cold: 0, refused: 0 };
  const start = async (lifeMs: number) => {
    counts.starts += 1;
    try {
      const [lease] = await pools.acquire({});
      if (lease === undefined) return;
      if (lease.source === 'cold') counts.cold += 1;
      held.lease(1);
      clock.after(lifeMs, () => {
        held.lease(-1);
        pools.release(lease.id);
      });
    } catch (error) {
      if (!hasCode(error, 'pool_exhausted')) throw error;
      counts.refused += 1;
    }
  };
  const failures: unknown[] = [];
  for (const { seconds, count } of pattern.arrivals) {
    const lifeMs = Array.from({ length: count }, () => lives.exponential(LIFE_SECONDS * 1000));
    clock.after(seconds * 1000, () => {
      for (const each of lifeMs) start(each).catch((error) => failures.push(error));
    });
  }
  await clock.run(pattern.seconds * 1000);
  if (failures.length > 0) throw failures[0];
  return { ...counts, ...held.summary() };
}

function settingsOf(policy: PolicyChoice, recycle: SimulatedRecycling): PoolSettings {
  return {
    name: 'default',
    minReady: policy.kind === 'watermark' ? 0 : policy.minReady,
    max: MAX_ENDPOINTS,
    capacity: MAX_ENDPOINTS,
    buildBatch: BUILD_BATCH,
    addressCooldownSeconds: 0,
    recycle,
    unknownSpec: 'proof',
    sizing: policy.kind === 'demand' ? 'demand' : 'fixed',
    idleSeconds: policy.kind === 'demand' ? policy.idleSeconds : 1,
  };
}

function sizingOf(policy: PolicyChoice): SizingPolicy {
  switch (policy.kind) {
    case 'demand':
      return (settings, nowMs) => new DemandSizing(settings, nowMs);
    case 'fixed':
      return () => new FixedSizing();
    case 'watermark':
      return () => new WatermarkSizing(policy);
  }
}

/** Integrates how many endpoints exist without a lease. */
class HeldOverTime {
  readonly #clock: VirtualClock;
  readonly #totalMs: number;
  readonly #parts = new Float64Array(PARTS);
  #sinceMs = 0;
  #existing = 0;
  #leased = 0;
  #leasedMs = 0;
  #peak = 0;

  constructor(clock: VirtualClock, totalMs: number) {
    this.#clock = clock;
    this.#totalMs = totalMs;
  }

  exist(existing: number): void {
    this.#pass();
    this.#existing = existing;
    this.#peak = Math.max(this.#peak, existing - this.#leased);
  }

  lease(change: number): void {
    this.#pass();
    this.#leased += change;
    this.#peak = Math.max(this.#peak, this.#existing - this.#leased);
  }

  summary() {
    this.#pass();
    const partMs = this.#totalMs / PARTS;
    const heldByPart = Array.from(this.#parts, (sum) => sum / partMs);
    const heldMean = heldByPart.reduce((sum, held) => sum + held, 0) / PARTS;
    return { heldMean, heldPeak: this.#peak, leasedMean: this.#leasedMs / this.#totalMs, heldByPart };
  }

  #pass(): void {
    const nowMs = Math.min(this.#clock.monotonicMs(), this.#totalMs);
    this.#leasedMs += this.#leased * (nowMs - this.#sinceMs);
    const partMs = this.#totalMs / PARTS;
    while (this.#sinceMs < nowMs) {
      const part = Math.min(PARTS - 1, Math.floor(this.#sinceMs / partMs));
      const untilMs = part === PARTS - 1 ? nowMs : Math.min(nowMs, (part + 1) * partMs);
      this.#parts[part] = (this.#parts[part] as number) + (this.#existing - this.#leased) * (untilMs - this.#sinceMs);
      if (untilMs <= this.#sinceMs) break;
      this.#sinceMs = untilMs;
    }
    this.#sinceMs = nowMs;
  }
}
