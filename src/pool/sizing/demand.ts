/** Warm reserve beyond the largest shortfall seen lately: bursts are not all of one size. */
const HEADROOM = 1.25;
/** Until a build was timed: slower than any machine that was measured, so that the first target errs upwards. */
const FIRST_BUILD_MS = 5;
/** How much the newest timing counts (exponentially weighted moving average). */
const NEWEST_WEIGHT = 0.2;
/** Acquires are counted by endpoints of this width. */
const SLOT_MS = 10;
/** The longest start of a refill that is told apart, in endpoints: 1 s. */
const SLOTS = 100;
/** The time in which a shortfall counts in full is kept in so many parts. */
const PARTS = 8;

export interface DemandOptions {
  /** How long a shortfall counts in full; after that its half-life. */
  readonly idleMs: number;
  /** How long a refill lets a burst by before it begins. */
  readonly quietMs: number;
  /** How many endpoints one request builds: none of them is ready before all are. */
  readonly batch: number;
}

/**
 * How many endpoints must stand ready for the bursts seen lately to be served warm. Refill is a server that begins
 * `quietMs` and one batch after an acquire and then builds one endpoint each `buildMs`; what acquires are ahead of it is
 * the shortfall that the ready queue has to bridge (the backlog bound of network calculus for a rate-latency server, Le
 * Boudec and Thiran, 1.4). The largest one counts for `idleMs`, then fades. Never less with more acquires at the same times. Fixed
 * memory; an acquire costs the same whatever came before. Times are a monotonic clock's, in milliseconds.
 */
export class Demand {
  readonly #options: DemandOptions;
  readonly #partMs: number;
  /** Acquires by endpoint, those that no refill can have begun to make up for. */
  readonly #endpoints = new Uint32Array(SLOTS);
  #fresh = 0;
  #oldestSlot: number;
  /** Older acquires that a refill would still be busy with. */
  #backlog = 0;
  #buildMs: number | null = null;
  /** The largest shortfall of each part of the time in which it counts in full. */
  readonly #peaks = new Float64Array(PARTS + 1);
  #part: number;
  #faded = { level: 0, sinceMs: 0 };

  constructor(options: DemandOptions, nowMs: number) {
    this.#options = options;
    this.#partMs = options.idleMs / PARTS;
    this.#oldestSlot = Math.floor(nowMs / SLOT_MS);
    this.#part = Math.floor(nowMs / this.#partMs);
    this.#faded.sinceMs = nowMs;
  }

  /** Milliseconds a build takes an endpoint, as observed. */
  get buildMs(): number {
    return this.#buildMs ?? FIRST_BUILD_MS;
  }

  /** `count` endpoints were asked for, whether they could be had or not. */
  acquired(count: number, nowMs: number): void {
    this.#drain(nowMs);
    const endpoint = Math.floor(nowMs / SLOT_MS) % SLOTS;
    this.#endpoints[endpoint] = (this.#endpoints[endpoint] as number) + count;
    this.#fresh += count;
    this.#turn(nowMs);
    const place = this.#part % this.#peaks.length;
    this.#peaks[place] = Math.max(this.#peaks[place] as number, this.#backlog + this.#fresh);
  }

  /** A refill of `count` endpoints took so long, from order to the last one's being ready. */
  built(count: number, tookMs: number): void {
    const newest = tookMs / count;
    this.#buildMs = this.#buildMs === null ? newest : this.#buildMs + NEWEST_WEIGHT * (newest - this.#buildMs);
  }

  /** The warm target before any floor or cap; whole. */
  level(nowMs: number): number {
    this.#turn(nowMs);
    return Math.ceil(HEADROOM * Math.max(this.#fadedAt(nowMs), ...this.#peaks) - 1e-9);
  }

  /** Whether nothing is remembered that would ever fade further. */
  get quiet(): boolean {
    return this.#faded.level === 0 && this.#peaks.every((peak) => peak === 0);
  }

  /** Moves acquires that a refill can have begun with by now into the backlog, and takes off what it built since. */
  #drain(nowMs: number): void {
    const latencyMs = this.#options.quietMs + this.#options.batch * this.buildMs;
    const endpoints = Math.min(SLOTS - 1, Math.ceil(latencyMs / SLOT_MS));
    const oldest = Math.floor(nowMs / SLOT_MS) - endpoints;
    const builtASlot = SLOT_MS / Math.max(this.buildMs, 1e-6);
    for (let steps = 0; this.#oldestSlot < oldest && steps < SLOTS; steps += 1, this.#oldestSlot += 1) {
      const place = this.#oldestSlot % SLOTS;
      const count = this.#endpoints[place] as number;
      this.#backlog = Math.max(0, this.#backlog - builtASlot) + count;
      this.#fresh -= count;
      this.#endpoints[place] = 0;
    }
    // Nothing was acquired in the rest.
    const rest = oldest - this.#oldestSlot;
    if (rest <= 0) return;
    this.#backlog = Math.max(0, this.#backlog - rest * builtASlot);
    this.#oldestSlot = oldest;
  }

  /** Parts that are over long enough go into what fades. */
  #turn(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (part === this.#part) return;
    let level = this.#fadedAt(nowMs);
    for (let steps = 0; this.#part < part && steps < this.#peaks.length; steps += 1) {
      this.#part += 1;
      const place = this.#part % this.#peaks.length;
      // It counted in full until the end of part `part + PARTS`, which is the one before the new one.
      const over = Math.max(0, nowMs - this.#part * this.#partMs);
      level = Math.max(level, fade(this.#peaks[place] as number, over / this.#options.idleMs));
      this.#peaks[place] = 0;
    }
    this.#part = part;
    // A fraction of an endpoint is none.
    this.#faded = { level: HEADROOM * level < 0.5 ? 0 : level, sinceMs: nowMs };
  }

  #fadedAt(nowMs: number): number {
    return fade(this.#faded.level, (nowMs - this.#faded.sinceMs) / this.#options.idleMs);
  }
}

function fade(level: number, halfLives: number): number {
  return level * 2 ** -halfLives;
}
