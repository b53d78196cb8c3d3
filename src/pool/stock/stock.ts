import type { NetnsdError } from '../../errors.js';
import type { Endpoint } from '../endpoint.js';
import { Recycled, Recycler, type Released } from '../recycle/index.js';
import { assertSize, configuredSizing, type PoolSize, type Sizing } from '../sizing/index.js';
import type { EndpointRecord } from '../types.js';
import { Alarm } from './alarm.js';
import { Builder } from './build/builder.js';
import { Destroyer } from './build/destroyer.js';
import { Outcomes } from './build/outcomes.js';
import { RETRY, type Report } from './build/reports.js';
import { Burst } from './burst.js';
import { planForWaiters, reachable, readyForAny, type StockState, supplyOf, usedSurplus, wanted } from './plan.js';
import { snapshot } from './snapshot.js';
import type { StockOptions } from './stock-options.js';
import { type AddressShortage, AddressWait } from './table/address-wait.js';

/**
 * Keeps the number of ready endpoints at its target and the pool within its `max`: plans (see `plan.ts`), and has endpoints
 * built, recycled and destroyed. Builds for clients that wait start at once; everything else after the requests at hand.
 */
export class Stock {
  /** How released endpoints were recycled so far. */
  readonly recycled: Recycled;
  readonly #options: StockOptions;
  readonly #outcomes: Outcomes;
  readonly #builder: Builder;
  readonly #destroyer: Destroyer;
  readonly #recycler: Recycler;
  readonly #addresses: AddressWait;
  readonly #sizing: Sizing;
  readonly #upkeep: Alarm;
  readonly #burst = new Burst();
  #size: PoolSize;
  #closed = false;

  /** Throws `bad_request` for an impossible size. */
  constructor(options: StockOptions) {
    const { settings, table, clock, log } = options;
    assertSize(settings.name, settings, settings.capacity);
    this.#options = options;
    this.#size = { minReady: settings.minReady, max: settings.max };
    this.#sizing = (options.sizing ?? configuredSizing)(settings, clock.monotonicMs());
    this.recycled = new Recycled(clock);
    const report = (report: Report) => options.hooks.changed(this.#outcomes.settle(report));
    this.#builder = new Builder({ ...options, refillTimes: this.#sizing, report });
    this.#recycler = new Recycler({ ...options, report });
    this.#destroyer = new Destroyer({ ...options, report });
    this.#outcomes = new Outcomes({
      ...options,
      destroyer: this.#destroyer,
      recycled: this.recycled,
      leaseBuilt: options.hooks.leaseBuilt,
    });
    const again = () => report(RETRY);
    this.#addresses = new AddressWait({ pool: settings.name, indexes: table.indexes, clock, log, again });
    this.#upkeep = new Alarm(clock, () => this.#keepUp());
  }

  /** What keeps the pool from its target or from destroying endpoints at the moment, in one line; null: nothing. */
  get trouble(): string | null {
    const { refill } = this.#builder;
    const { table } = this.#options;
    const all = [refill.trouble, table.trouble.reason, this.#destroyer.trouble, this.#addresses.trouble];
    return [...new Set(all.filter((one) => one !== null))].join('; ') || null;
  }

  /** How many builds failed, and the newest failure of any kind. */
  get failures(): Outcomes['failures'] {
    return this.#outcomes.failures;
  }

  get size(): PoolSize {
    return this.#size;
  }

  /** How many endpoints are to be ready now. */
  get target(): number {
    return this.#sizing.target(this.#size, this.#options.clock.monotonicMs());
  }

  /** How many are being built for clients that wait. */
  get urgent(): number {
    return this.#builder.urgent;
  }

  /** See `reachable` in `plan.ts`. */
  get reachable(): number {
    return reachable(this.#state());
  }

  /** Whether endpoints are being destroyed: there is more room afterwards. */
  get isMakingRoom(): boolean {
    return this.#options.table.counts.destroying > 0;
  }

  /** The cooldowns that keep the clients that wait from getting endpoints; null where it is not for lack of addresses. */
  get shortage(): AddressShortage | null {
    return this.#addresses.shortage(wanted(this.#state()));
  }

  /** So many endpoints are asked for; told before any of them is taken or built. */
  acquired(count: number): void {
    this.#recycler.expectClients();
    this.#sizing.acquired(count, this.#options.clock.monotonicMs());
  }

  /** A dirty endpoint: it stays so until it was verified. */
  recycle(released: Released): void {
    if (this.#options.waiters.waiting.endpoints > 0) this.#recycler.verifyNow();
    this.#recycler.add(released);
  }

  /** See `Builder.buildReserved`. */
  buildReserved(endpoint: Endpoint): Promise<NetnsdError | null> {
    return this.#builder.buildReserved(endpoint);
  }

  /** Destroys the ready endpoint that is needed least; undefined where there is none. */
  evict(reason: string): Endpoint | undefined {
    const spare = this.#options.ready.takeSpare();
    if (spare !== undefined) this.discard(spare, reason);
    return spare;
  }

  /** See `Destroyer.discard`. */
  discard(endpoint: Endpoint, reason: string): void {
    this.#destroyer.discard(endpoint, reason);
  }

  /** Destroys a ready endpoint and builds another one; false where it is not ready any more. */
  replace(endpoint: Endpoint, reason: string): boolean {
    if (!this.#options.ready.remove(endpoint)) return false;
    this.discard(endpoint, reason);
    this.plan();
    return true;
  }

  /**
   * The records of endpoints whose offers are missing from the shelf although no client took them. With `fix` they are replaced,
   * since their paths may be known to others, and what could not be offered before is offered.
   */
  lostOffers(missing: readonly string[], { fix }: { fix: boolean }): EndpointRecord[] {
    const { ready } = this.#options;
    const lost = ready.lostOffers(missing);
    const records = lost.map(({ record }) => record);
    if (!fix || this.#closed) return records;
    for (const endpoint of lost) {
      ready.removeLost(endpoint);
      this.discard(endpoint, 'its offer is gone from the shelf');
    }
    ready.offerAll();
    if (lost.length > 0) this.plan();
    return records;
  }

  /** Throws `bad_request` for an impossible size. */
  resize(size: PoolSize): void {
    assertSize(this.#options.settings.name, size, this.#options.settings.capacity);
    this.#size = { minReady: size.minReady, max: size.max };
    this.#sizing.resized();
  }

  /** Does at once what clients wait for, and everything else soon. */
  plan(): void {
    if (this.#closed) return;
    const state = this.#state();
    const plan = planForWaiters(state, this.#options.settings.buildBatch);
    if (state.waiting.endpoints > 0) this.#recycler.verifyNow();
    const tenant = state.waiting.tenant ?? '';
    this.#discard(plan.evict, 'another tenant waits', () => this.#options.ready.takeForeign(tenant));
    this.#addresses.want(plan.addresses);
    if (plan.build > 0) this.#builder.buildUrgent(plan.build, plan.perRequest);
    this.#upkeep.set(0);
  }

  /**
   * After a warm acquire. While at least half of the target is ready, the gap is filled when the burst is over, so that builds
   * do not take the processors from acquires.
   */
  planLater(): void {
    if (this.#closed) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#sizing.readyNow(readyForAny(this.#options), nowMs);
    this.#burst.acquired(nowMs);
    this.#upkeep.set(this.#burstLeftMs(nowMs));
  }

  /** No new work; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const readyClosed = this.#options.ready.close();
    this.#upkeep.cancel();
    this.#builder.close();
    this.#recycler.close();
    this.#addresses.close();
    await Promise.all([this.#builder.idle(), this.#recycler.idle(), readyClosed]);
    this.#destroyer.close();
    this.#options.table.trouble.close();
    await this.#destroyer.idle();
  }

  /** After `close`: destroys all that is not leased; resolves with those that could not be destroyed. */
  async drain(): Promise<Endpoint[]> {
    const { ready } = this.#options;
    for (let spare = ready.takeSpare(); spare !== undefined; spare = ready.takeSpare()) this.discard(spare, 'drained');
    for (const endpoint of this.#recycler.remove()) this.discard(endpoint, 'drained');
    return this.#destroyer.drain();
  }

  #state(): StockState {
    const { table, ready, waiters } = this.#options;
    const [builder, recycler] = [this.#builder, this.#recycler];
    return snapshot({ size: this.#size, table, ready, builder, recycler, waiting: waiters.waiting });
  }

  /** How long the gap may stay, since acquires under way need the processors; 0 where less than half of the target is ready. */
  #burstLeftMs(nowMs: number): number {
    const isPlenty = this.#options.ready.size * 2 >= this.#sizing.target(this.#size, nowMs);
    return isPlenty ? this.#burst.leftMs(nowMs) : 0;
  }

  /** Destroys surplus and builds what is missing, as the sizing says; again when it says so. */
  #keepUp(): void {
    const { clock, ready, table } = this.#options;
    const nowMs = clock.monotonicMs();
    const burstLeftMs = this.#burstLeftMs(nowMs);
    if (burstLeftMs > 0) {
      this.#upkeep.set(burstLeftMs);
      return;
    }
    this.#burst.refilled(nowMs);
    const { order, surplus, againMs } = this.#sizing.plan(supplyOf(this.#state()), nowMs);
    this.#discard(surplus, 'surplus', () => ready.takeSurplus());
    this.#discard(usedSurplus(this.#state(), this.target), 'surplus', () => ready.takeSpare());
    this.#addresses.want(order);
    this.#builder.buildAhead(Math.min(order, table.indexes.available));
    if (againMs !== null) this.#upkeep.set(againMs);
  }

  #discard(count: number, reason: string, take: () => Endpoint | undefined): void {
    for (let left = count; left > 0; left -= 1) {
      const endpoint = take();
      if (endpoint === undefined) return;
      this.discard(endpoint, reason);
    }
  }
}
