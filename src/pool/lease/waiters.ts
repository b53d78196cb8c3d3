import type { NetnsdError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import { Fifo, type Place } from '../stock/fifo.js';
import type { Ask } from './acquire-options.js';
import type { Held } from './lease-table.js';
import { clientGone } from './refusals.js';

/** What a waiter got, and how many of its callers have yet to learn of it. */
export interface Served {
  readonly held: readonly Held[];
  untold: number;
}

/** One caller of an acquire that waits; several share a waiter when they ask for the same container. */
interface Claim {
  readonly waitMs: number;
  readonly sinceMs: number;
  readonly resolve: (served: Served) => void;
  readonly reject: (error: NetnsdError) => void;
  cancelDeadline: Cancel | null;
  stopListening: Cancel | null;
}

export interface Waiter {
  readonly ask: Ask;
  readonly claims: Set<Claim>;
  place: Place<Waiter> | null;
  /** Whether the patience of all its callers counts. */
  limited: boolean;
}

/** Owns the acquires that wait, first come first served. */
export class Waiters {
  readonly #clock: Clock;
  readonly #onLeft: () => void;
  readonly #queue = new Fifo<Waiter>();
  readonly #byContainer = new Map<string, Waiter>();
  #demand = 0;
  #unlimited = 0;

  /** `onLeft` is called when a waiter goes without having been served: its callers aborted, or their time was over. */
  constructor(options: { clock: Clock; onLeft: () => void }) {
    this.#clock = options.clock;
    this.#onLeft = options.onLeft;
  }

  /** How many endpoints are waited for. */
  get demand(): number {
    return this.#demand;
  }

  /** How many of these are waited for by those who wait as long as it takes. */
  get unlimited(): number {
    return this.#unlimited;
  }

  peek(): Waiter | undefined {
    return this.#queue.peek();
  }

  ofContainer(containerId: string): Waiter | undefined {
    return this.#byContainer.get(containerId);
  }

  add(ask: Ask): Waiter {
    const waiter: Waiter = { ask, claims: new Set(), place: null, limited: false };
    waiter.place = this.#queue.push(waiter);
    this.#demand += ask.count;
    this.#unlimited += ask.count;
    if (ask.containerId !== null) this.#byContainer.set(ask.containerId, waiter);
    return waiter;
  }

  /** One more caller of this waiter. */
  join(waiter: Waiter, options: { waitMs: number; signal: AbortSignal | undefined }): Promise<Served> {
    return new Promise((resolve, reject) => {
      const { waitMs, signal } = options;
      const sinceMs = this.#clock.monotonicMs();
      const claim: Claim = { waitMs, sinceMs, resolve, reject, cancelDeadline: null, stopListening: null };
      waiter.claims.add(claim);
      this.#setLimited(waiter, false);
      if (signal === undefined) return;
      const leave = () => this.#leave(waiter, claim, clientGone());
      signal.addEventListener('abort', leave, { once: true });
      claim.stopListening = () => signal.removeEventListener('abort', leave);
    });
  }

  /** From now on the callers' patience counts: those that have none, or no more, leave with `exhausted()`. */
  limit(waiter: Waiter, exhausted: () => NetnsdError): void {
    const nowMs = this.#clock.monotonicMs();
    this.#setLimited(waiter, true);
    for (const claim of waiter.claims) {
      if (claim.cancelDeadline !== null) continue;
      const leftMs = claim.sinceMs + claim.waitMs - nowMs;
      const leave = () => this.#leave(waiter, claim, exhausted());
      if (leftMs <= 0) leave();
      else claim.cancelDeadline = this.#clock.after(leftMs, leave);
    }
  }

  /** The same for all who wait beyond the `reachable` endpoints that will come without a release. */
  limitBeyond(reachable: number, exhausted: () => NetnsdError): void {
    let promised = 0;
    for (const waiter of [...this.#queue]) {
      if (promised + waiter.ask.count > reachable) this.limit(waiter, exhausted);
      if (waiter.claims.size > 0) promised += waiter.ask.count;
    }
  }

  serve(waiter: Waiter, held: readonly Held[]): void {
    this.#remove(waiter);
    const served: Served = { held, untold: waiter.claims.size };
    for (const claim of waiter.claims) {
      stop(claim);
      claim.resolve(served);
    }
    waiter.claims.clear();
  }

  fail(waiter: Waiter, error: NetnsdError): void {
    this.#remove(waiter);
    for (const claim of waiter.claims) {
      stop(claim);
      claim.reject(error);
    }
    waiter.claims.clear();
  }

  /** Those who want more at once than there can be any more. */
  failLargerThan(max: number, error: () => NetnsdError): void {
    for (const waiter of [...this.#queue]) if (waiter.ask.count > max) this.fail(waiter, error());
  }

  failAll(error: () => NetnsdError): void {
    for (let waiter = this.peek(); waiter !== undefined; waiter = this.peek()) this.fail(waiter, error());
  }

  #leave(waiter: Waiter, claim: Claim, error: NetnsdError): void {
    if (!waiter.claims.delete(claim)) return;
    stop(claim);
    claim.reject(error);
    if (waiter.claims.size > 0) return;
    this.#remove(waiter);
    this.#onLeft();
  }

  #setLimited(waiter: Waiter, limited: boolean): void {
    if (waiter.limited === limited) return;
    waiter.limited = limited;
    this.#unlimited += limited ? -waiter.ask.count : waiter.ask.count;
  }

  #remove(waiter: Waiter): void {
    if (waiter.place === null || !this.#queue.remove(waiter.place)) return;
    this.#setLimited(waiter, true);
    this.#demand -= waiter.ask.count;
    if (waiter.ask.containerId !== null) this.#byContainer.delete(waiter.ask.containerId);
  }
}

function stop(claim: Claim): void {
  claim.cancelDeadline?.();
  claim.stopListening?.();
}
