/** Reserve beyond the largest recent shortfall: bursts are not all of one size. */
const HEADROOM = 1.25;
/** Assumed until a build was timed: slower than any machine that was measured, so that the first target is rather too high. */
const FIRST_BUILD_MS = 5;
/** How much the newest timing counts (exponentially weighted moving average). */
const NEWEST_WEIGHT = 0.2;
/** Acquires are counted in bins of so much time. */
const BIN_MS = 10;
/** How many bins are kept: the longest start of a refill that is told apart is 1 s. */
const BINS = 100;
/** The time for which a shortfall counts in full is divided into so many parts. */
const PARTS = 8;

export interface DemandOptions {
  /** How long a shortfall counts in full; after that its half-life. */
  readonly idleMs: number;
  /** How long a refill waits for the end of a burst before it begins. */
  readonly quietMs: number;
  /** How many endpoints one request builds: they become ready together. */
  readonly batch: number;
}

/**
 * How many endpoints must be ready for bursts like the recent ones to be served warm. Refill is modelled as a server that
 * begins `quietMs` and one batch after an acquire, and then builds one endpoint each `buildMs`. The acquires ahead of it are
 * the shortfall that the ready queue has to cover (the backlog bound of network calculus for a rate-latency server, Le Boudec
 * and Thiran, 1.4). The largest shortfall counts for `idleMs`, then fades. More acquires at the same times never give a lower
 * target. Memory is fixed, and every acquire takes the same time. Times are a monotonic clock's, in milliseconds.
 */
export class Demand {
  readonly #options: DemandOptions;
  readonly #partMs: number;
  /** Acquires by bin, of those that no refill can have begun to make up for. */
  readonly #bins = new Uint32Array(BINS);
  #fresh = 0;
  #oldestBin: number;
  /** Older acquires that a refill would still be working on. */
  #backlog = 0;
  #buildMs: number | null = null;
  /** The largest shortfall of each part. */
  readonly #peaks = new Float64Array(PARTS + 1);
  #part: number;
  #faded = { level: 0, sinceMs: 0 };

  constructor(options: DemandOptions, nowMs: number) {
    this.#options = options;
    this.#partMs = options.idleMs / PARTS;
    this.#oldestBin = Math.floor(nowMs / BIN_MS);
    this.#part = Math.floor(nowMs / this.#partMs);
    this.#faded.sinceMs = nowMs;
  }

  /** Milliseconds that a build takes for each endpoint, as observed. */
  get buildMs(): number {
    return this.#buildMs ?? FIRST_BUILD_MS;
  }

  /** `count` endpoints were asked for, served or not. */
  acquired(count: number, nowMs: number): void {
    this.#drain(nowMs);
    const bin = Math.floor(nowMs / BIN_MS) % BINS;
    this.#bins[bin] = (this.#bins[bin] as number) + count;
    this.#fresh += count;
    this.#turn(nowMs);
    const place = this.#part % this.#peaks.length;
    this.#peaks[place] = Math.max(this.#peaks[place] as number, this.#backlog + this.#fresh);
  }

  /** A refill of `count` endpoints took so long, from the order until the last one was ready. */
  built(count: number, tookMs: number): void {
    const newest = tookMs / count;
    this.#buildMs = this.#buildMs === null ? newest : this.#buildMs + NEWEST_WEIGHT * (newest - this.#buildMs);
  }

  /** The warm target before any floor or cap; whole. */
  level(nowMs: number): number {
    this.#turn(nowMs);
    return Math.ceil(HEADROOM * Math.max(this.#fadedAt(nowMs), ...this.#peaks) - 1e-9);
  }

  /** Whether nothing is remembered. */
  get quiet(): boolean {
    return this.#faded.level === 0 && this.#peaks.every((peak) => peak === 0);
  }

  /** Moves acquires that a refill can have begun with by now into the backlog, and subtracts what it built since. */
  #drain(nowMs: number): void {
    const latencyMs = this.#options.quietMs + this.#options.batch * this.buildMs;
    const bins = Math.min(BINS - 1, Math.ceil(latencyMs / BIN_MS));
    const oldest = Math.floor(nowMs / BIN_MS) - bins;
    const builtPerBin = BIN_MS / Math.max(this.buildMs, 1e-6);
    for (let steps = 0; this.#oldestBin < oldest && steps < BINS; steps += 1, this.#oldestBin += 1) {
      const place = this.#oldestBin % BINS;
      const count = this.#bins[place] as number;
      this.#backlog = Math.max(0, this.#backlog - builtPerBin) + count;
      this.#fresh -= count;
      this.#bins[place] = 0;
    }
    // In the remaining bins nothing was acquired.
    const rest = oldest - this.#oldestBin;
    if (rest <= 0) return;
    this.#backlog = Math.max(0, this.#backlog - rest * builtPerBin);
    this.#oldestBin = oldest;
  }

  /** Adds parts that no longer count in full to what fades. */
  #turn(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (part === this.#part) return;
    let level = this.#fadedAt(nowMs);
    for (let steps = 0; this.#part < part && steps < this.#peaks.length; steps += 1) {
      this.#part += 1;
      const place = this.#part % this.#peaks.length;
      // It counted in full until the end of part `part + PARTS`, the one before the new part.
      const over = Math.max(0, nowMs - this.#part * this.#partMs);
      level = Math.max(level, fade(this.#peaks[place] as number, over / this.#options.idleMs));
      this.#peaks[place] = 0;
    }
    this.#part = part;
    // Less than half an endpoint is none.
    this.#faded = { level: HEADROOM * level < 0.5 ? 0 : level, sinceMs: nowMs };
  }

  #fadedAt(nowMs: number): number {
    return fade(this.#faded.level, (nowMs - this.#faded.sinceMs) / this.#options.idleMs);
  }
}

function fade(level: number, halfLives: number): number {
  return level * 2 ** -halfLives;
}
