import type { NetnsdError } from '../errors.js';
import { Builder, type BuildFailure } from './builder.js';
import type { Cancel } from './clock.js';
import { Destroyer } from './destroyer.js';
import type { EndpointTable, Slot } from './endpoint-table.js';
import { Fifo } from './fifo.js';
import { oneLine } from './log.js';
import type { PoolOptions } from './pool-options.js';
import { replaceAlways } from './recycle.js';
import { assertSize, type PoolSize } from './size.js';
import { BURST_MS, configuredSizing, type Sizing } from './sizing.js';
import type { EndpointFacts, EndpointRecord } from './types.js';

export interface StockHooks {
  /** How many endpoints are waited for, in all and by the first who waits. */
  demand(): { readonly all: number; readonly first: number };
  /** An endpoint is built; true when somebody took it before it was ever ready. */
  offer(slot: Slot, facts: EndpointFacts): boolean;
  /**
   * Endpoints became ready, or room for them came. `failures` are of builds that somebody waited for; `lost` when less
   * is to be expected than before.
   */
  changed(failures: readonly NetnsdError[], lost: boolean): void;
}

/**
 * The endpoints of a pool that are not leased: the ready queue, and the plan that keeps it at its target and the whole
 * pool within `max`. Builds for those who wait start at once; everything else waits until the requests at hand are served.
 */
export class Stock {
  readonly failures = { buildFailures: 0, lastError: null as string | null };
  readonly #options: PoolOptions;
  readonly #table: EndpointTable;
  readonly #hooks: StockHooks;
  readonly #builder: Builder;
  readonly #destroyer: Destroyer;
  readonly #ready = new Fifo<Slot>();
  readonly #sizing: Sizing;
  #size: PoolSize;
  #scheduled: { readonly delayMs: number; readonly cancel: Cancel } | null = null;
  #cancelAgain: Cancel | null = null;
  #lost = false;
  #closed = false;

  /** Throws `bad_request` for a size that cannot be. */
  constructor(options: PoolOptions & { readonly table: EndpointTable; readonly hooks: StockHooks }) {
    const { settings, table, hooks } = options;
    assertSize(settings.name, settings, settings.capacity);
    this.#options = options;
    this.#table = table;
    this.#hooks = hooks;
    this.#size = { minReady: settings.minReady, max: settings.max };
    this.#sizing = (options.sizing ?? configuredSizing)(settings, options.clock.monotonicMs());
    this.#builder = new Builder({
      ...options,
      hooks: {
        built: (slot, facts) => this.#built(slot, facts),
        failed: (failure) => this.#buildFailed(failure),
        settled: (urgentFailures) => this.#settled(urgentFailures),
        refilled: (count, tookMs) => this.#sizing.built(count, tookMs),
      },
    });
    this.#destroyer = new Destroyer({
      ...options,
      hooks: {
        gone: (slot, reason) => this.#emit('destroyed', slot, reason),
        broken: (slot, error) => this.#broke(slot, error),
        settled: () => this.#settled([]),
      },
    });
  }

  get size(): PoolSize {
    return this.#size;
  }

  /** How many endpoints are to be ready now. */
  get target(): number {
    return this.#sizing.target(this.#size, this.#options.clock.monotonicMs());
  }

  get ready(): number {
    return this.#ready.size;
  }

  /** How many are being built because somebody waits. */
  get urgent(): number {
    return this.#builder.urgent;
  }

  /** How many endpoints those who wait may count on without anything being released. */
  get reachable(): number {
    return this.#ready.size + this.#table.counts.building + this.#room();
  }

  /** So many endpoints are asked for; told before any of them is taken or built. */
  acquired(count: number): void {
    this.#sizing.acquired(count, this.#options.clock.monotonicMs());
  }

  /** Takes the oldest ready endpoint. */
  take(): Slot | undefined {
    return this.#ready.shift();
  }

  /** What was taken and not used: it is still the oldest. */
  putBack(slot: Slot): void {
    this.#ready.unshift(slot);
  }

  /** One more ready endpoint, whose record says so already. */
  put(slot: Slot): void {
    this.#ready.push(slot);
    this.#emit('ready', slot, null);
  }

  adopt(record: EndpointRecord): Slot {
    return this.#table.adopt(record);
  }

  /** What becomes of a dirty endpoint is the policy's to say; today every one is replaced. */
  recycle(slot: Slot): void {
    const verdict = (this.#options.recycle ?? replaceAlways)(slot.record);
    switch (verdict.way) {
      case 'replace':
        // Stays dirty, in sight, until its turn comes.
        this.#destroyer.add(slot);
    }
  }

  /** An endpoint that nobody is to have; its record says why. */
  discard(slot: Slot, reason: string): void {
    if (slot.record.state === 'leased') this.#table.moveAnyway(slot, 'dirty', { reason });
    else if (slot.record.state !== 'destroying') this.#table.moveAnyway(slot, 'destroying', { reason });
    this.#destroyer.add(slot);
  }

  resize(size: PoolSize): void {
    assertSize(this.#options.settings.name, size, this.#options.settings.capacity);
    this.#size = { minReady: size.minReady, max: size.max };
    this.#sizing.resized();
  }

  /** Starts builds for those who wait, as far as there is room, and has the rest looked after soon. */
  plan(): void {
    if (this.#closed) return;
    const { all, first } = this.#hooks.demand();
    const missing = Math.min(all - this.#ready.size - this.#builder.urgent, this.#room());
    // One who wants many gets them together; many who want one each do not wait for each other.
    if (missing > 0) this.#builder.buildUrgent(missing, Math.min(first, this.#options.settings.buildBatch));
    this.#tendAfter(0);
  }

  /**
   * After a warm acquire: while at least half of the ready ones are left, a burst is let by before the gap that it tears
   * is filled, so that builds do not take the processors from acquires.
   */
  planLater(): void {
    if (this.#closed) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#sizing.stands(this.#ready.size, nowMs);
    const plenty = this.#ready.size * 2 >= this.#sizing.target(this.#size, nowMs);
    this.#tendAfter(plenty ? BURST_MS : 0);
  }

  /** The sooner of this and what is scheduled already. */
  #tendAfter(delayMs: number): void {
    const { clock } = this.#options;
    if (this.#scheduled !== null) {
      if (this.#scheduled.delayMs <= delayMs) return;
      this.#scheduled.cancel();
    }
    const act = () => {
      this.#scheduled = null;
      this.#tend();
    };
    this.#scheduled = { delayMs, cancel: delayMs === 0 ? clock.soon(act) : clock.after(delayMs, act) };
  }

  /** No new work; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#scheduled?.cancel();
    this.#cancelAgain?.();
    this.#builder.close();
    this.#destroyer.close();
    await Promise.all([this.#builder.idle(), this.#destroyer.idle()]);
  }

  /** After `close`: destroys all that is not leased; resolves with those that would not go. */
  async drain(): Promise<Slot[]> {
    for (let slot = this.#ready.shift(); slot !== undefined; slot = this.#ready.shift()) this.discard(slot, 'drained');
    return this.#destroyer.drain();
  }

  #room(): number {
    return Math.max(0, this.#size.max - this.#table.size);
  }

  /** Lets surplus go and refills what is missing, as the sizing says; looks again when it says so. */
  #tend(): void {
    const { clock } = this.#options;
    const supply = {
      ...this.#size,
      ready: this.#ready.size,
      coming: this.#table.counts.building,
      waiting: this.#hooks.demand().all,
      existing: this.#table.size,
    };
    const { order, surplus, againMs } = this.#sizing.plan(supply, clock.monotonicMs());
    for (let i = 0; i < surplus; i += 1) this.discard(this.#ready.shift() as Slot, 'surplus');
    this.#builder.refill(order);
    this.#cancelAgain?.();
    this.#cancelAgain = againMs === null ? null : clock.after(againMs, () => this.#tend());
  }

  #settled(urgentFailures: readonly NetnsdError[]): void {
    const lost = this.#lost;
    this.#lost = false;
    this.#hooks.changed(urgentFailures, lost);
  }

  #built(slot: Slot, facts: EndpointFacts): void {
    if (this.#hooks.offer(slot, facts)) return;
    try {
      this.#table.move(slot, 'ready', { facts });
    } catch (error) {
      this.#lost = true;
      this.failures.lastError = oneLine(error);
      this.discard(slot, 'not recorded as ready');
      return;
    }
    this.put(slot);
  }

  #buildFailed({ slot, error, unknown }: BuildFailure): void {
    this.#lost = true;
    this.failures.buildFailures += 1;
    this.failures.lastError = oneLine(error);
    if (slot === null) return;
    this.#emit('build_failed', slot, oneLine(error));
    if (unknown) this.discard(slot, oneLine(error));
    else this.#table.forget(slot);
  }

  #broke(slot: Slot, error: NetnsdError): void {
    this.failures.lastError = oneLine(error);
    this.#emit('broken', slot, oneLine(error));
  }

  #emit(type: 'ready' | 'destroyed' | 'broken' | 'build_failed', slot: Slot, reason: string | null): void {
    const { id, pool } = slot.key;
    this.#options.events.emit({ type, pool, endpoint: id, lease: null, containerId: null, reason });
  }
}
