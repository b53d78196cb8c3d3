import type { PoolSettings } from '../settings.js';
import { Demand } from './demand.js';
import { IdleFloor } from './idle-floor.js';
import type { PoolSize } from './size.js';

/** How long a refill waits for the end of a burst of acquires, which need the processors, in milliseconds. */
export const BURST_MS = 25;
/** Idle endpoints are destroyed a few at a time, at this interval. */
const SHED_EVERY_MS = 1000;
/** Endpoints above the target were part of no remembered burst, and are kept for this share of the idle time. */
const IDLE_SHARE = 0.1;

/** What a plan depends on. */
export interface Supply extends PoolSize {
  /** Ready now. */
  readonly ready: number;
  /** Being built, or verified after their release: not to be ordered again. */
  readonly coming: number;
  /** How many are waited for. */
  readonly waiting: number;
  /** How many exist, in whatever state. */
  readonly existing: number;
}

export interface Plan {
  /** How many more to build ahead. */
  readonly order: number;
  /** How many ready ones to destroy now. */
  readonly surplus: number;
  /** When to plan again if nothing happens, in milliseconds from now; null: never. */
  readonly againMs: number | null;
}

/** Chooses the number of endpoints that a pool keeps ready. Times are the clock's monotonic ones. */
export interface Sizing {
  /** `count` endpoints are asked for. */
  acquired(count: number, nowMs: number): void;
  /** So many are ready after some were taken. */
  readyNow(ready: number, nowMs: number): void;
  /** A refill of `count` endpoints took so long. */
  built(count: number, tookMs: number): void;
  /** How many are to be ready: at least `minReady`, at most `max`. */
  target(size: PoolSize, nowMs: number): number;
  plan(supply: Supply, nowMs: number): Plan;
  /** The pool was resized: the next plan follows the new size at once. */
  resized(): void;
}

export type SizingPolicy = (settings: PoolSettings, nowMs: number) => Sizing;

/** What the configuration says: `sizing = "demand"` or `"fixed"`. */
export const configuredSizing: SizingPolicy = (settings, nowMs) =>
  settings.sizing === 'demand' ? new DemandSizing(settings, nowMs) : new FixedSizing();

/** Always `minReady`; surplus is destroyed at once. */
export class FixedSizing implements Sizing {
  acquired(): void {}
  readyNow(): void {}
  built(): void {}
  resized(): void {}

  target({ minReady }: PoolSize): number {
    return minReady;
  }

  plan(supply: Supply): Plan {
    const { minReady } = supply;
    return { order: orderFor(minReady, supply), surplus: surplusAbove(minReady, supply), againMs: null };
  }
}

/**
 * As many as recent bursts need, at least `minReady`. Ready endpoints above that target are destroyed a few at a time, once
 * they were idle for a tenth of `idleSeconds`.
 */
export class DemandSizing implements Sizing {
  readonly #demand: Demand;
  readonly #idle: IdleFloor;
  readonly #idleMs: number;
  readonly #batch: number;
  #shedFromMs = 0;
  #resized = false;

  constructor(settings: Pick<PoolSettings, 'idleSeconds' | 'buildBatch'>, nowMs: number) {
    this.#idleMs = settings.idleSeconds * 1000;
    this.#batch = settings.buildBatch;
    this.#demand = new Demand({ idleMs: this.#idleMs, quietMs: BURST_MS, batch: this.#batch }, nowMs);
    this.#idle = new IdleFloor(this.#idleMs * IDLE_SHARE, nowMs);
  }

  acquired(count: number, nowMs: number): void {
    this.#demand.acquired(count, nowMs);
  }

  readyNow(ready: number, nowMs: number): void {
    this.#idle.readyNow(ready, nowMs);
  }

  built(count: number, tookMs: number): void {
    this.#demand.built(count, tookMs);
  }

  resized(): void {
    this.#resized = true;
  }

  target({ minReady, max }: PoolSize, nowMs: number): number {
    return Math.min(max, Math.max(minReady, this.#demand.level(nowMs)));
  }

  plan(supply: Supply, nowMs: number): Plan {
    const target = this.target(supply, nowMs);
    const spare = Math.max(0, supply.ready - supply.waiting);
    this.#idle.readyNow(spare, nowMs);
    const idle = Math.max(0, this.#idle.least(nowMs) - target);
    const atOnce = surplusAbove(this.#resized ? target : Number.POSITIVE_INFINITY, supply);
    this.#resized = false;
    const shed = nowMs >= this.#shedFromMs ? Math.min(this.#batch, Math.ceil(idle / 8)) : 0;
    if (shed > 0) this.#shedFromMs = nowMs + SHED_EVERY_MS;
    return {
      order: orderFor(target, supply),
      surplus: Math.max(atOnce, shed),
      againMs: this.#again({ left: idle - shed, above: Math.max(spare, target) - supply.minReady, nowMs }),
    };
  }

  #again({ left, above, nowMs }: { left: number; above: number; nowMs: number }): number | null {
    if (left > 0) return this.#shedFromMs - nowMs;
    return above > 0 ? this.#idleMs / 32 : null;
  }
}

/** How many endpoints are missing and not coming, within `max`. */
export function orderFor(target: number, { ready, coming, waiting, existing, max }: Supply): number {
  return Math.max(0, Math.min(target - (ready + coming - waiting), max - existing));
}

/** Ready endpoints above `target`, or above `max`, less those that clients wait for. */
export function surplusAbove(target: number, { ready, waiting, existing, max }: Supply): number {
  const spare = ready - waiting;
  return Math.max(0, spare - target, Math.min(spare, existing - max));
}
