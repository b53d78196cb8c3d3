import type { NetnsdError } from '../../errors.js';
import { Fifo, type Place } from '../fifo.js';
import type { Cancel } from '../ports/clock.js';
import type { Clock } from '../ports/index.js';
import type { Waiting } from '../stock/plan.js';
import type { AcquireOptions } from './acquire-options.js';
import type { ActiveLease } from './active-lease.js';
import { clientGone } from './refusals.js';

/** The leases of a waiter that was served, and how many of its callers were not told yet. */
export interface Served {
  readonly leases: readonly ActiveLease[];
  unanswered: number;
}

/** One caller of an acquire that waits; callers that ask for the same container share a waiter. */
interface Caller {
  readonly waitMs: number;
  readonly sinceMs: number;
  readonly resolve: (served: Served) => void;
  readonly reject: (error: NetnsdError) => void;
  cancelDeadline: Cancel | null;
  stopListening: Cancel | null;
}

export interface Waiter {
  readonly options: AcquireOptions;
  readonly callers: Set<Caller>;
  place: Place<Waiter> | null;
  /** Whether the deadlines of all its callers run. */
  timed: boolean;
}

/**
 * The acquires that wait, first come first served. A deadline runs only while nothing but a release can serve its waiter:
 * one for which an endpoint is being built is served, however short a wait it asked for.
 */
export class Waiters {
  readonly #clock: Clock;
  readonly #onLeft: () => void;
  readonly #queue = new Fifo<Waiter>();
  readonly #byContainer = new Map<string, Waiter>();
  #endpoints = 0;
  #untimed = 0;

  /** `onLeft` is called when a waiter leaves without being served: its callers disconnected, or their deadlines passed. */
  constructor(options: { clock: Clock; onLeft: () => void }) {
    this.#clock = options.clock;
    this.#onLeft = options.onLeft;
  }

  /** What is waited for. */
  get waiting(): Waiting {
    const first = this.#queue.peek()?.options;
    return { endpoints: this.#endpoints, first: first?.count ?? 0, tenant: first?.tenant ?? null };
  }

  /** How many endpoints are waited for. */
  get endpoints(): number {
    return this.#endpoints;
  }

  /** How many of these by waiters whose deadlines do not run. */
  get untimed(): number {
    return this.#untimed;
  }

  peek(): Waiter | undefined {
    return this.#queue.peek();
  }

  ofContainer(containerId: string): Waiter | undefined {
    return this.#byContainer.get(containerId);
  }

  add(options: AcquireOptions): Waiter {
    const waiter: Waiter = { options, callers: new Set(), place: null, timed: false };
    waiter.place = this.#queue.push(waiter);
    this.#endpoints += options.count;
    this.#untimed += options.count;
    if (options.containerId !== null) this.#byContainer.set(options.containerId, waiter);
    return waiter;
  }

  /** One more caller of this waiter. */
  join(waiter: Waiter, options: { waitMs: number; signal: AbortSignal | undefined }): Promise<Served> {
    return new Promise((resolve, reject) => {
      const { waitMs, signal } = options;
      const sinceMs = this.#clock.monotonicMs();
      const caller: Caller = { waitMs, sinceMs, resolve, reject, cancelDeadline: null, stopListening: null };
      waiter.callers.add(caller);
      this.#setTimed(waiter, false);
      if (signal === undefined) return;
      const leave = () => this.#leave(waiter, caller, clientGone());
      signal.addEventListener('abort', leave, { once: true });
      caller.stopListening = () => signal.removeEventListener('abort', leave);
    });
  }

  /** Starts the deadlines of a waiter's callers; those whose deadline has passed leave with `exhausted()`. */
  startDeadline(waiter: Waiter, exhausted: () => NetnsdError): void {
    const nowMs = this.#clock.monotonicMs();
    this.#setTimed(waiter, true);
    for (const caller of waiter.callers) {
      if (caller.cancelDeadline !== null) continue;
      const leftMs = caller.sinceMs + caller.waitMs - nowMs;
      const leave = () => this.#leave(waiter, caller, exhausted());
      if (leftMs <= 0) leave();
      else caller.cancelDeadline = this.#clock.after(leftMs, leave);
    }
  }

  /** Starts the deadlines of waiters that only a release can serve: those beyond the `reachable` endpoints. */
  startDeadlinesBeyond(reachable: number, exhausted: () => NetnsdError): void {
    let promised = 0;
    for (const waiter of [...this.#queue]) {
      if (promised + waiter.options.count > reachable) this.startDeadline(waiter, exhausted);
      if (waiter.callers.size > 0) promised += waiter.options.count;
    }
  }

  serve(waiter: Waiter, leases: readonly ActiveLease[]): void {
    this.#remove(waiter);
    const served: Served = { leases, unanswered: waiter.callers.size };
    for (const caller of waiter.callers) {
      stop(caller);
      caller.resolve(served);
    }
    waiter.callers.clear();
  }

  fail(waiter: Waiter, error: NetnsdError): void {
    this.#remove(waiter);
    for (const caller of waiter.callers) {
      stop(caller);
      caller.reject(error);
    }
    waiter.callers.clear();
  }

  /** Fails those that want more endpoints than there can be. */
  failLargerThan(max: number, error: () => NetnsdError): void {
    for (const waiter of [...this.#queue]) if (waiter.options.count > max) this.fail(waiter, error());
  }

  failAll(error: () => NetnsdError): void {
    for (let waiter = this.peek(); waiter !== undefined; waiter = this.peek()) this.fail(waiter, error());
  }

  #leave(waiter: Waiter, caller: Caller, error: NetnsdError): void {
    if (!waiter.callers.delete(caller)) return;
    stop(caller);
    caller.reject(error);
    if (waiter.callers.size > 0) return;
    this.#remove(waiter);
    this.#onLeft();
  }

  #setTimed(waiter: Waiter, timed: boolean): void {
    if (waiter.timed === timed) return;
    waiter.timed = timed;
    this.#untimed += timed ? -waiter.options.count : waiter.options.count;
  }

  #remove(waiter: Waiter): void {
    if (waiter.place === null || !this.#queue.remove(waiter.place)) return;
    this.#setTimed(waiter, true);
    this.#endpoints -= waiter.options.count;
    if (waiter.options.containerId !== null) this.#byContainer.delete(waiter.options.containerId);
  }
}

function stop(caller: Caller): void {
  caller.cancelDeadline?.();
  caller.stopListening?.();
}
