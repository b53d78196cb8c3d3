import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import { oneLine, type PoolLog } from '../log.js';
import type { EndpointFacts, Endpoints, PoolSettings, Settled } from '../types.js';
import { Backoff } from './backoff.js';
import type { Endpoint, EndpointTable } from './endpoint-table.js';

/** A build that came to nothing. Without a endpoint: not even its record could be written. */
export interface BuildFailure {
  readonly error: NetnsdError;
  readonly endpoint: Endpoint | null;
  /** Whether the kernel may still hold parts of it: its address is not free before these are surely gone. */
  readonly unknown: boolean;
}

export interface BuilderHooks {
  built(endpoint: Endpoint, facts: EndpointFacts): void;
  failed(failure: BuildFailure): void;
  /** All of one request are settled; with the errors of those that somebody waited for. */
  settled(urgentFailures: readonly NetnsdError[]): void;
  /** A refill of `count` endpoints succeeded, so long after it was ordered. */
  refilled(count: number, tookMs: number): void;
}

interface BuilderOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly table: EndpointTable;
  readonly clock: Clock;
  readonly log: PoolLog;
  readonly hooks: BuilderHooks;
}

/** Owns the builds under way: urgent ones as they are asked for, and one refill at a time that backs off when it fails. */
export class Builder {
  readonly #options: BuilderOptions;
  readonly #backoff = new Backoff();
  readonly #underWay = new Set<Promise<void>>();
  #urgent = 0;
  #refilling = false;
  #cancelRetry: Cancel | null = null;
  #trouble: string | null = null;
  #closed = false;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /** How many endpoints are being built because somebody waits. */
  get urgent(): number {
    return this.#urgent;
  }

  /** Why endpoints cannot be built ahead, in one line; null where they can. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Whether a refill may start now. */
  get refillable(): boolean {
    return !this.#closed && !this.#refilling && this.#cancelRetry === null;
  }

  /** Builds `count` endpoints for those who wait, `batch` to a request: each request settles by itself. */
  buildUrgent(count: number, batch: number): void {
    for (let left = count; left > 0; left -= batch) {
      const { endpoints, failure } = this.#reserve(Math.min(left, batch));
      this.#urgent += endpoints.length;
      if (endpoints.length > 0) this.#track(this.#urgentRequest(endpoints));
      if (failure !== null) {
        this.#options.hooks.failed(failure);
        const { error } = failure;
        this.#options.hooks.settled(Array.from({ length: left - endpoints.length }, () => error));
        return;
      }
    }
  }

  /** Builds at most one request's worth of `count` endpoints ahead of need; ignored unless `refillable`. */
  refill(count: number): void {
    if (count <= 0) this.#trouble = null;
    if (!this.refillable || count <= 0) return;
    const { endpoints, failure } = this.#reserve(Math.min(count, this.#options.settings.buildBatch));
    this.#refilling = true;
    this.#track(this.#refillRequest(endpoints, failure));
  }

  /** Starts no refill any more. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #reserve(count: number): { endpoints: Endpoint[]; failure: BuildFailure | null } {
    const endpoints: Endpoint[] = [];
    try {
      while (endpoints.length < count) endpoints.push(this.#options.table.reserve());
      return { endpoints, failure: null };
    } catch (error) {
      return { endpoints, failure: { error: toNetnsdError(error), endpoint: null, unknown: false } };
    }
  }

  async #urgentRequest(endpoints: readonly Endpoint[]): Promise<void> {
    const outcomes = await this.#request(endpoints, true);
    const failures: NetnsdError[] = [];
    for (const [i, endpoint] of endpoints.entries()) {
      this.#urgent -= 1;
      const error = this.#settle(endpoint, outcomes[i] as Outcome);
      if (error !== null) failures.push(error);
    }
    this.#options.hooks.settled(failures);
  }

  async #refillRequest(endpoints: readonly Endpoint[], reserveFailure: BuildFailure | null): Promise<void> {
    const { hooks, clock, table } = this.#options;
    const orderedMs = clock.monotonicMs();
    const outcomes = endpoints.length === 0 ? [] : await this.#request(endpoints, false);
    const errors = endpoints.map((endpoint, i) => this.#settle(endpoint, outcomes[i] as Outcome));
    if (reserveFailure !== null) hooks.failed(reserveFailure);
    this.#refilling = false;
    if (endpoints.length > 0 && errors.every((error) => error === null)) {
      hooks.refilled(endpoints.length, clock.monotonicMs() - orderedMs);
    }
    const failure = reserveFailure?.error ?? errors.find((error) => error !== null);
    // What was built and could not be recorded is gone again.
    const unrecorded = table.trouble.reason;
    this.#paceRefill(failure ? oneLine(failure) : unrecorded, unrecorded === null && errors.includes(null));
    hooks.settled([]);
  }

  /** A refill that failed waits before it tries again; one that got somewhere waits the shortest time. */
  #paceRefill(reason: string | null, progress: boolean): void {
    const { settings, clock, log, hooks } = this.#options;
    if (progress) this.#backoff.reset();
    if (reason === null) {
      if (this.#trouble !== null) log.info({ pool: settings.name }, 'endpoints are built ahead again');
      this.#trouble = null;
      return;
    }
    if (this.#trouble === null)
      log.warn({ pool: settings.name, error: reason }, 'endpoints cannot be built ahead; trying until they can');
    this.#trouble = reason;
    if (this.#closed) return;
    this.#cancelRetry = clock.after(this.#backoff.next(), () => {
      this.#cancelRetry = null;
      hooks.settled([]);
    });
  }

  async #request(endpoints: readonly Endpoint[], urgent: boolean): Promise<Outcome[]> {
    const keys = endpoints.map((endpoint) => endpoint.key);
    try {
      const settled = await this.#options.endpoints.build(keys, { urgent });
      if (settled.length === keys.length) return settled;
      throw new NetnsdError(
        'internal',
        `${keys.length} endpoints were to be built, ${settled.length} were answered for`,
      );
    } catch (error) {
      return endpoints.map(() => ({ ok: false, error: toNetnsdError(error), lost: true }));
    }
  }

  #settle(endpoint: Endpoint, outcome: Outcome): NetnsdError | null {
    const { hooks } = this.#options;
    if (outcome.ok) {
      hooks.built(endpoint, outcome.value);
      return null;
    }
    const error = toNetnsdError(outcome.error);
    const unknown = 'lost' in outcome || mayHaveLeftSomething(error);
    hooks.failed({ error, endpoint, unknown });
    return error;
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}

/** Whether the undoing failed as well (`details.undo`), or nobody waited for the outcome; then it must be destroyed. */
function mayHaveLeftSomething(error: NetnsdError): boolean {
  if (error.details.undo !== undefined || error.code === 'deadline_exceeded' || error.code === 'worker_failed')
    return true;
  return error.cause instanceof NetnsdError && mayHaveLeftSomething(error.cause);
}

/** `lost`: the request as a whole failed, so nothing is known of its endpoints. */
type Outcome = Settled<EndpointFacts> | { readonly ok: false; readonly error: Error; readonly lost: true };
