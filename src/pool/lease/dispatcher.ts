import { type NetnsdError, toNetnsdError } from '../../errors.js';
import type { Endpoint } from '../endpoint.js';
import type { StockChange } from '../stock/index.js';
import type { EndpointFacts } from '../types.js';
import { type AcquireOptions, assertSameTerms } from './acquire-options.js';
import type { ActiveLease } from './active-lease.js';
import { assertNotWaiting, Placed, type PlacedOptions } from './placed.js';
import { buildFailed, clientGone, exhausted } from './refusals.js';
import type { Waiter, Waiters } from './waiters.js';

interface DispatcherOptions extends Omit<PlacedOptions, 'again'> {
  readonly waiters: Waiters;
}

const NO_CHANGE: StockChange = { clientErrors: [], lost: false };

/** Serves acquires: at once where enough endpoints are ready, otherwise as endpoints come, first come first served. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #exhausted: () => NetnsdError;
  readonly #placed: Placed;
  /** What changed and was not acted on yet. */
  #clientErrors: NetnsdError[] = [];
  #lost = false;
  #changing = false;
  #again = false;

  constructor(options: DispatcherOptions) {
    const { pool, stock } = options;
    this.#options = options;
    this.#placed = new Placed({ ...options, again: () => this.changed() });
    this.#exhausted = () => exhausted(pool, stock.size.max, stock.shortage);
  }

  /** Leases `options.count` endpoints; nothing is awaited if enough of them are ready and no client waits. */
  async acquire(options: AcquireOptions, signal: AbortSignal | undefined): Promise<readonly ActiveLease[]> {
    const { pool, waiters, ready, leasing, stock } = this.#options;
    stock.acquired(options.count);
    if (options.place !== null) {
      assertNotWaiting(waiters, options.containerId, pool);
      return [await this.#placed.acquire(options, options.place, signal)];
    }
    if (waiters.endpoints > 0 || ready.sizeFor(options.tenant) < options.count) return this.#wait(options, signal);
    const leases = leasing.take(options, 'warm');
    if (leases === null) return this.#wait(options, signal);
    leasing.announce(leases);
    stock.planLater();
    return leases;
  }

  /**
   * Leases an endpoint that was just built to the first in line, before it is ever ready; false if that one does not want just
   * one. Nothing is ready while a client waits for one endpoint, so no ready endpoint is passed over.
   */
  leaseBuilt(endpoint: Endpoint, facts: EndpointFacts): boolean {
    const { waiters, leasing } = this.#options;
    if (this.#placed.has(endpoint)) return this.#placed.leaseBuilt(endpoint, facts);
    const waiter = waiters.peek();
    if (waiter === undefined || waiter.options.count > 1) return false;
    try {
      const active = leasing.factory.lease({ endpoint, facts, options: waiter.options, source: 'cold' });
      waiters.serve(waiter, [active]);
      leasing.announce([active]);
      return true;
    } catch (error) {
      waiters.fail(waiter, toNetnsdError(error));
      return false;
    }
  }

  /**
   * Endpoints came or went: serves the clients that wait, and has the stock plan again. What changes meanwhile, such as builds
   * that cannot be started, is acted on afterwards.
   */
  changed({ clientErrors, lost }: StockChange = NO_CHANGE): void {
    this.#clientErrors.push(...clientErrors);
    this.#lost ||= lost;
    this.#again = true;
    if (this.#changing) return;
    this.#changing = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#dispatch();
      }
    } finally {
      this.#changing = false;
    }
  }

  /** Clients that wait get this error. */
  close(error: () => NetnsdError): void {
    this.#options.waiters.failAll(error);
    this.#placed.close(error);
  }

  /** Starts the deadlines of clients that only a release can serve; `lost`: also while endpoints are being destroyed. */
  startDeadlines({ lost }: { lost: boolean }): void {
    const { waiters, stock } = this.#options;
    if (waiters.untimed === 0 || (!lost && stock.isMakingRoom)) return;
    const { reachable } = stock;
    if (lost || waiters.untimed > reachable) waiters.startDeadlinesBeyond(reachable, this.#exhausted);
  }

  async #wait(options: AcquireOptions, signal: AbortSignal | undefined): Promise<readonly ActiveLease[]> {
    const { pool, waiters, leasing, stock } = this.#options;
    const joined = options.containerId === null ? undefined : waiters.ofContainer(options.containerId);
    if (joined !== undefined) assertSameTerms(options, joined.options, pool);
    const waiter = joined ?? waiters.add(options);
    const answer = waiters.join(waiter, { waitMs: options.waitMs, signal });
    if (joined !== undefined) waiters.startDeadlinesBeyond(stock.reachable, this.#exhausted);
    else if (waiters.endpoints > stock.reachable) waiters.startDeadline(waiter, this.#exhausted);
    stock.plan();
    const served = await answer;
    served.unanswered -= 1;
    if (!signal?.aborted) {
      for (const active of served.leases) active.confirmed = true;
      return served.leases;
    }
    if (served.unanswered === 0) {
      leasing.takeBack(served.leases.filter(({ confirmed }) => !confirmed));
      this.changed();
    }
    throw clientGone();
  }

  #dispatch(): void {
    const { waiters, ready, stock } = this.#options;
    const lost = this.#lost;
    this.#lost = false;
    this.#placed.changed();
    for (const cause of this.#clientErrors.splice(0)) this.#failFirst(cause);
    for (let waiter = waiters.peek(); waiter !== undefined; waiter = waiters.peek()) {
      if (ready.sizeFor(waiter.options.tenant) < waiter.options.count || !this.#serve(waiter)) break;
    }
    stock.plan();
    this.startDeadlines({ lost });
  }

  /** A build failed that the first in line waited for; it goes on waiting if there is enough for all without it. */
  #failFirst(cause: NetnsdError): void {
    const { pool, waiters, ready, stock } = this.#options;
    const waiter = waiters.peek();
    if (waiter === undefined || waiters.endpoints <= ready.sizeFor(waiter.options.tenant) + stock.urgent) return;
    waiters.fail(waiter, buildFailed(pool, cause));
  }

  /** False where a client took an endpoint from the shelf meanwhile. */
  #serve(waiter: Waiter): boolean {
    const { waiters, leasing } = this.#options;
    try {
      const leases = leasing.take(waiter.options, 'cold');
      if (leases === null) return false;
      waiters.serve(waiter, leases);
      leasing.announce(leases);
    } catch (error) {
      waiters.fail(waiter, toNetnsdError(error));
    }
    return true;
  }
}
