import type { NetnsdError } from '../../errors.js';
import type { Cancel } from '../clock.js';
import { oneLine } from '../log.js';
import type { PoolOptions } from '../pool-options.js';
import { Recycled } from '../recycle/recycled.js';
import { Recycler, type Released } from '../recycle/recycler.js';
import { Sealer } from '../recycle/sealer.js';
import type { ShelfNews } from '../shelf.js';
import { assertSize, type PoolSize } from '../sizing/size.js';
import { BURST_MS, configuredSizing, type Sizing } from '../sizing/sizing.js';
import type { EndpointFacts, EndpointRecord, VerifyWay } from '../types.js';
import { type AddressShortage, AddressWait } from './address-wait.js';
import { Builder, type BuildFailure } from './builder.js';
import { Destroyer } from './destroyer.js';
import type { Endpoint, EndpointTable } from './endpoint-table.js';
import { Offers } from './offers.js';
import { ReadyQueue } from './ready-queue.js';

/** After how long without an acquire a burst of them is over, in milliseconds: released endpoints may wait then. */
const LULL_MS = 100;

export interface StockHooks {
  /** How many endpoints are waited for, in all and by the first who waits, and whom that one serves. */
  demand(): { readonly all: number; readonly first: number; readonly tenant: string | null };
  /** An endpoint is built; true when somebody took it before it was ever ready. */
  offer(endpoint: Endpoint, facts: EndpointFacts): boolean;
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
  readonly #recycler: Recycler;
  readonly #sealer: Sealer;
  readonly #recycled: Recycled;
  readonly #addresses: AddressWait;
  readonly #ready = new ReadyQueue();
  readonly #offers: Offers;
  readonly #sizing: Sizing;
  #size: PoolSize;
  #scheduled: { readonly delayMs: number; readonly cancel: Cancel } | null = null;
  #cancelAgain: Cancel | null = null;
  #lost = false;
  #acquiredMs = Number.NEGATIVE_INFINITY;
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
        built: (endpoint, facts) => this.#built(endpoint, facts),
        failed: (failure) => this.#buildFailed(failure),
        settled: (urgentFailures) => this.#settled(urgentFailures),
        refilled: (count, tookMs) => this.#sizing.built(count, tookMs),
      },
    });
    this.#addresses = new AddressWait({
      pool: settings.name,
      indexes: table.indexes,
      clock: options.clock,
      log: options.log,
      again: () => hooks.changed([], false),
    });
    this.#recycled = new Recycled(options.clock);
    this.#offers = new Offers(options.shelf);
    this.#sealer = new Sealer({
      ...options,
      isUntaken: (endpoint) => this.#offers.isUntaken(endpoint),
      settled: (endpoint) => this.#offers.lay(endpoint),
    });
    this.#recycler = new Recycler({
      ...options,
      hooks: {
        clean: (endpoint, way, sealed) => this.#clean(endpoint, way, sealed),
        replace: (endpoint, reason) => {
          this.#recycled.replaced(endpoint, reason);
          this.discard(endpoint, `${reason.kind}: ${reason.text}`);
        },
        isWanted: () => hooks.demand().all > 0 || options.clock.monotonicMs() - this.#acquiredMs < LULL_MS,
        settled: (lost) => {
          this.#lost ||= lost;
          this.#settled([]);
        },
      },
    });
    this.#destroyer = new Destroyer({
      ...options,
      hooks: {
        gone: (endpoint, reason) => this.#emit('destroyed', endpoint, reason),
        broken: (endpoint, error) => this.#broke(endpoint, error),
        settled: () => this.#settled([]),
      },
    });
  }

  /** What keeps the pool from being as it should at the moment, in one line; null where nothing does. */
  get trouble(): string | null {
    const all = [this.#builder.trouble, this.#table.trouble.reason, this.#destroyer.trouble, this.#addresses.trouble];
    return [...new Set(all.filter((one) => one !== null))].join('; ') || null;
  }

  get size(): PoolSize {
    return this.#size;
  }

  /** How many endpoints are to be ready now. */
  get target(): number {
    return this.#sizing.target(this.#size, this.#options.clock.monotonicMs());
  }

  /** What became of released endpoints so far. */
  get recycled(): Recycled {
    return this.#recycled;
  }

  /** How many ready endpoints this tenant may have. */
  readyFor(tenant: string): number {
    return this.#ready.sizeFor(tenant);
  }

  /** How many are being built because somebody waits. */
  get urgent(): number {
    return this.#builder.urgent;
  }

  /**
   * How many endpoints those who wait may count on without anything being released: what was released may be on its way, and
   * those that the first who waits may not have make room, as far as the pool is not above its `max`.
   */
  get reachable(): number {
    const { tenant } = this.#hooks.demand();
    const fit = tenant === null ? this.#ready.size : this.#ready.sizeFor(tenant);
    const room = Math.max(0, this.#roomBelowMax + this.#ready.size - fit);
    return fit + this.#table.counts.building + this.#recycler.hopeful + room;
  }

  /** Whether endpoints are on their way out: there is more room when they are gone. */
  get isMakingRoom(): boolean {
    return this.#table.counts.destroying > 0;
  }

  /** The addresses at rest that keep those who wait from getting endpoints; null where it is not for addresses. */
  get shortage(): AddressShortage | null {
    const waiting = this.#hooks.demand().all - this.#builder.urgent;
    return this.#addresses.shortage(Math.min(Math.max(1, waiting), this.#size.max - this.#table.size));
  }

  /** So many endpoints are asked for; told before any of them is taken or built. */
  acquired(count: number): void {
    this.#acquiredMs = this.#options.clock.monotonicMs();
    this.#sizing.acquired(count, this.#acquiredMs);
  }

  /** Takes the oldest ready endpoint that this tenant may have. */
  take(tenant: string): Endpoint | undefined {
    const endpoint = this.#offers.first(() => this.#ready.take(tenant));
    if (endpoint !== undefined) endpoint.acquisitions += 1;
    return endpoint;
  }

  /** What somebody took from the shelf; undefined where no endpoint lies there, or lay, under this token. */
  claim({ token, tenant }: ShelfNews): Endpoint | undefined {
    const claimed = this.#offers.claim(token);
    if (claimed?.endpoint.record.state !== 'ready') return undefined;
    const { endpoint, queued } = claimed;
    if (queued) this.#ready.remove(endpoint);
    this.#ready.note(tenant);
    endpoint.acquisitions += 1;
    this.acquired(1);
    return endpoint;
  }

  /** After a look at the shelf: what could not be taken back then, and lies there still, is ready as before. */
  recover(): void {
    for (const endpoint of this.#offers.found()) {
      this.#ready.push(endpoint);
      this.#offers.lay(endpoint);
    }
  }

  /** See `Offers.missing`. */
  missingOffers(): string[] {
    return this.#offers.missing();
  }

  /**
   * After a look at the shelf: the endpoints of those missing offers that nobody took. With `fix` they are replaced, since who
   * took such an offer away may have its path, and what would not lie there before is laid out.
   */
  lostOffers(missing: readonly string[], { fix }: { fix: boolean }): EndpointRecord[] {
    const lost = this.#offers.lost(missing);
    const records = lost.map(({ record }) => record);
    if (!fix || this.#closed) return records;
    for (const endpoint of lost) {
      if (endpoint.offer !== null && this.#offers.claim(endpoint.offer)?.queued) this.#ready.remove(endpoint);
      this.discard(endpoint, 'its offer is gone from the shelf');
    }
    for (const endpoint of this.#ready) if (this.#isSettled(endpoint)) this.#offers.lay(endpoint);
    if (lost.length > 0) this.plan();
    return records;
  }

  /** Whether nothing more is to be done to a ready endpoint. */
  #isSettled({ sealed }: Endpoint): boolean {
    return sealed || this.#options.settings.recycle !== 'verify';
  }

  /** A ready endpoint that was found broken goes, and another one is built; false where it is not ready any more. */
  replace(endpoint: Endpoint, reason: string): boolean {
    if (!this.#offers.withdraw(endpoint) || !this.#ready.remove(endpoint)) return false;
    this.discard(endpoint, reason);
    this.plan();
    return true;
  }

  /** What was taken and not used: it is still the oldest. */
  putBack(endpoint: Endpoint): void {
    endpoint.acquisitions -= 1;
    this.#ready.unshift(endpoint);
    if (this.#isSettled(endpoint)) this.#offers.lay(endpoint);
  }

  /** One more ready endpoint, whose record says so already. */
  put(endpoint: Endpoint, reason: string | null = null): void {
    this.#ready.push(endpoint);
    if (this.#isSettled(endpoint)) this.#offers.lay(endpoint);
    else this.#sealer.add(endpoint);
    this.#emit('ready', endpoint, reason);
  }

  adopt(record: EndpointRecord): Endpoint {
    const endpoint = this.#table.adopt(record);
    this.#offers.adopt(endpoint);
    return endpoint;
  }

  /** A dirty endpoint: it stays so, in sight, until it has been judged. */
  recycle(released: Released): void {
    this.#recycler.add(released);
  }

  /** An endpoint that nobody is to have; its record says why. */
  discard(endpoint: Endpoint, reason: string): void {
    this.#offers.withdraw(endpoint);
    if (endpoint.record.state === 'leased') this.#table.moveAnyway(endpoint, 'dirty', { reason });
    else if (endpoint.record.state === 'dirty') this.#table.explain(endpoint, reason);
    else if (endpoint.record.state !== 'destroying') this.#table.moveAnyway(endpoint, 'destroying', { reason });
    this.#destroyer.add(endpoint);
  }

  resize(size: PoolSize): void {
    assertSize(this.#options.settings.name, size, this.#options.settings.capacity);
    this.#size = { minReady: size.minReady, max: size.max };
    this.#sizing.resized();
  }

  /** Starts builds for those who wait, as far as there is room, and has the rest looked after soon. */
  plan(): void {
    if (this.#closed) return;
    const { all, first, tenant } = this.#hooks.demand();
    if (all > 0) this.#recycler.hurry();
    const lacking = all - (tenant === null ? 0 : this.#ready.sizeFor(tenant)) - this.#builder.urgent;
    const missing = Math.min(lacking, this.#room());
    // What rests or is being let go comes by itself.
    const later = Math.max(0, Math.min(this.#size.max - this.#table.size, this.#table.indexes.free));
    if (tenant !== null && lacking > later) this.#makeRoom(lacking - later, tenant);
    this.#addresses.want(Math.min(lacking, later));
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
    this.#sizing.stands(this.#standing, nowMs);
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
    this.#offers.close();
    this.#scheduled?.cancel();
    this.#cancelAgain?.();
    this.#builder.close();
    this.#recycler.close();
    this.#sealer.close();
    this.#addresses.close();
    await Promise.all([this.#builder.idle(), this.#recycler.idle(), this.#sealer.idle()]);
    this.#destroyer.close();
    this.#table.trouble.close();
    await this.#destroyer.idle();
  }

  /** After `close`: destroys all that is not leased; resolves with those that would not go. */
  async drain(): Promise<Endpoint[]> {
    const spare = () => this.#offers.first(() => this.#ready.takeSpare());
    for (let endpoint = spare(); endpoint !== undefined; endpoint = spare()) this.discard(endpoint, 'drained');
    for (const endpoint of this.#recycler.remove()) this.discard(endpoint, 'drained');
    return this.#destroyer.drain();
  }

  #room(): number {
    return Math.max(0, this.#roomBelowMax);
  }

  /** Less than none after a resize: then so many have to go before one more may come. */
  get #roomBelowMax(): number {
    return Math.min(this.#size.max - this.#table.size, this.#table.indexes.available);
  }

  /** Ready for whoever comes: where several tenants share the pool, used ones serve one tenant only and come on top. */
  get #standing(): number {
    return this.#ready.mixed ? this.#ready.virgin : this.#ready.size;
  }

  /** Lets surplus go and refills what is missing, as the sizing says; looks again when it says so. */
  #tend(): void {
    const { clock } = this.#options;
    const { mixed } = this.#ready;
    const supply = {
      ...this.#size,
      ready: this.#standing,
      coming: this.#table.counts.building + (mixed ? 0 : this.#recycler.hopeful),
      waiting: this.#hooks.demand().all,
      existing: this.#table.size,
    };
    const { order, surplus, againMs } = this.#sizing.plan(supply, clock.monotonicMs());
    for (let i = 0; i < surplus; i += 1)
      this.#letGo(
        this.#offers.first(() => this.#ready.takeSurplus()),
        'surplus',
      );
    if (mixed) this.#letUsedGo(this.target);
    this.#addresses.want(order);
    this.#builder.refill(Math.min(order, this.#table.indexes.available));
    this.#cancelAgain?.();
    this.#cancelAgain = againMs === null ? null : clock.after(againMs, () => this.#tend());
  }

  #letGo(endpoint: Endpoint | undefined, reason: string): void {
    if (endpoint !== undefined) this.discard(endpoint, reason);
  }

  /** Keeps at most `kept` of those that somebody has had. */
  #letUsedGo(kept: number): void {
    for (let left = this.#ready.size - this.#ready.virgin - kept; left > 0; left -= 1)
      this.#letGo(
        this.#offers.first(() => this.#ready.takeSpare()),
        'surplus',
      );
  }

  /** Endpoints that only others may have give way to one who waits. */
  #makeRoom(count: number, tenant: string): void {
    for (let left = count - this.#table.counts.destroying; left > 0; left -= 1) {
      const endpoint = this.#offers.first(() => this.#ready.takeForeign(tenant));
      if (endpoint === undefined) return;
      this.discard(endpoint, 'another tenant waits');
    }
  }

  #clean(endpoint: Endpoint, way: VerifyWay | 'reuse', sealed: boolean): void {
    endpoint.sealed = sealed;
    try {
      this.#table.move(endpoint, 'ready');
    } catch (error) {
      this.failures.lastError = oneLine(error);
      this.discard(endpoint, 'not recorded as ready');
      return;
    }
    this.#recycled.clean(way);
    this.put(endpoint, way);
  }

  #settled(urgentFailures: readonly NetnsdError[]): void {
    const lost = this.#lost;
    this.#lost = false;
    this.#hooks.changed(urgentFailures, lost);
  }

  #built(endpoint: Endpoint, facts: EndpointFacts): void {
    if (this.#hooks.offer(endpoint, facts)) return;
    try {
      this.#table.move(endpoint, 'ready', { facts });
    } catch (error) {
      this.#lost = true;
      this.failures.lastError = oneLine(error);
      this.discard(endpoint, 'not recorded as ready');
      return;
    }
    this.put(endpoint);
  }

  #buildFailed({ endpoint, error, unknown }: BuildFailure): void {
    this.#lost = true;
    this.failures.buildFailures += 1;
    this.failures.lastError = oneLine(error);
    if (endpoint === null) return;
    this.#emit('build_failed', endpoint, oneLine(error));
    if (unknown) this.discard(endpoint, oneLine(error));
    else this.#table.forget(endpoint);
  }

  #broke(endpoint: Endpoint, error: NetnsdError): void {
    this.failures.lastError = oneLine(error);
    this.#emit('broken', endpoint, oneLine(error));
  }

  #emit(type: 'ready' | 'destroyed' | 'broken' | 'build_failed', endpoint: Endpoint, reason: string | null): void {
    const { id, pool } = endpoint.key;
    this.#options.events.emit({ type, pool, endpoint: id, lease: null, containerId: null, reason });
  }
}
