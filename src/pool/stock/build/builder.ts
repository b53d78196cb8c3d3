import { NetnsdError, toNetnsdError } from '../../../errors.js';
import type { Endpoint } from '../../endpoint.js';
import type { Clock, Endpoints, Settled } from '../../ports/index.js';
import type { EndpointFacts } from '../../types.js';
import type { EndpointTable } from '../table/endpoint-table.js';
import { Refill, type RefillOptions } from './refill.js';
import type { BuildFailure, BuildReport, Built, Reporter } from './reports.js';

export interface BuilderOptions extends RefillOptions {
  readonly endpoints: Endpoints;
  readonly table: EndpointTable;
  readonly clock: Clock;
  readonly report: Reporter;
}

/** Builds endpoints: urgent ones as they are asked for, and refills two requests at a time, with backoff while they fail. */
export class Builder {
  readonly refill: Refill;
  readonly #options: BuilderOptions;
  readonly #underWay = new Set<Promise<void>>();
  #urgent = 0;
  #reserved = 0;

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.refill = new Refill(options);
  }

  /** How many endpoints are being built for clients that wait. */
  get urgent(): number {
    return this.#urgent;
  }

  /** How many are being built for a client that had them reserved: they come for no other. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Builds an endpoint that was reserved; resolves, once that is reported, with why it failed, or null. */
  async buildReserved(endpoint: Endpoint): Promise<NetnsdError | null> {
    this.#reserved += 1;
    const request = this.#request([endpoint], true);
    this.#track(request.then(() => undefined));
    const report = reportOf([endpoint], await request);
    this.#reserved -= 1;
    this.#options.report({ ...report, clientErrors: [] });
    return report.failed[0]?.error ?? null;
  }

  /** Builds `count` endpoints for clients that wait, `perRequest` to a request: each request ends by itself. */
  buildUrgent(count: number, perRequest: number): void {
    for (let left = count; left > 0; left -= perRequest) {
      const { endpoints, failure } = this.#reserve(Math.min(left, perRequest));
      this.#urgent += endpoints.length;
      if (endpoints.length > 0) this.#track(this.#urgentRequest(endpoints));
      if (failure === null) continue;
      const clientErrors = Array.from({ length: left - endpoints.length }, () => failure.error);
      this.#options.report({ actor: 'builder', built: [], failed: [failure], clientErrors });
      return;
    }
  }

  /** Builds some of `count` endpoints ahead of need, as many as refills may start now. */
  buildAhead(count: number): void {
    const { buildBatch } = this.#options.settings;
    for (let left = count; this.refill.start(left); left -= buildBatch) {
      const { endpoints, failure } = this.#reserve(Math.min(left, buildBatch));
      this.#track(this.#refillRequest(endpoints, failure));
      if (left <= buildBatch || failure !== null) return;
    }
  }

  /** Starts no refill any more. */
  close(): void {
    this.refill.close();
  }

  /** Resolves when no build is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #reserve(count: number): { endpoints: Endpoint[]; failure: BuildFailure | null } {
    const endpoints: Endpoint[] = [];
    try {
      while (endpoints.length < count) endpoints.push(this.#options.table.reserve());
      return { endpoints, failure: null };
    } catch (error) {
      return { endpoints, failure: { error: toNetnsdError(error), endpoint: null, mayHaveLeftParts: false } };
    }
  }

  async #urgentRequest(endpoints: readonly Endpoint[]): Promise<void> {
    const outcomes = await this.#request(endpoints, true);
    this.#urgent -= endpoints.length;
    const report = reportOf(endpoints, outcomes);
    this.#options.report({ ...report, clientErrors: report.failed.map(({ error }) => error) });
  }

  async #refillRequest(endpoints: readonly Endpoint[], reserveFailure: BuildFailure | null): Promise<void> {
    const { clock, report, table } = this.#options;
    const orderedMs = clock.monotonicMs();
    const outcomes = endpoints.length === 0 ? [] : await this.#request(endpoints, false);
    const { built, failed, actor } = reportOf(endpoints, outcomes);
    const all = reserveFailure === null ? failed : [...failed, reserveFailure];
    report({ actor, built, failed: all, clientErrors: [] });
    this.refill.ended({
      built: built.length,
      tookMs: clock.monotonicMs() - orderedMs,
      failure: reserveFailure?.error ?? failed[0]?.error ?? null,
      // Built endpoints whose records could not be written are destroyed again.
      unrecorded: table.trouble.reason,
    });
  }

  async #request(endpoints: readonly Endpoint[], urgent: boolean): Promise<Outcome[]> {
    const keys = endpoints.map((endpoint) => endpoint.key);
    try {
      const settled = await this.#options.endpoints.build(keys, { urgent });
      if (settled.length === keys.length) return settled;
      throw new NetnsdError('internal', `${settled.length} outcomes for ${keys.length} builds`);
    } catch (error) {
      return endpoints.map(() => ({ ok: false, error: toNetnsdError(error), lost: true }));
    }
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}

/** `lost`: the request as a whole failed, so nothing is known of its endpoints. */
type Outcome = Settled<EndpointFacts> | { readonly ok: false; readonly error: Error; readonly lost: true };

function reportOf(endpoints: readonly Endpoint[], outcomes: readonly Outcome[]): Omit<BuildReport, 'clientErrors'> {
  const built: Built[] = [];
  const failed: BuildFailure[] = [];
  for (const [position, endpoint] of endpoints.entries()) {
    const outcome = outcomes[position] as Outcome;
    if (outcome.ok) built.push({ endpoint, facts: outcome.value });
    else failed.push(failureOf(endpoint, outcome));
  }
  return { actor: 'builder', built, failed };
}

function failureOf(endpoint: Endpoint, outcome: Outcome & { ok: false }): BuildFailure {
  const error = toNetnsdError(outcome.error);
  return { error, endpoint, mayHaveLeftParts: 'lost' in outcome || mayHaveLeftParts(error) };
}

/** Whether the undo failed as well (`details.undo`), or its outcome is not known. */
function mayHaveLeftParts(error: NetnsdError): boolean {
  if (error.details.undo !== undefined || error.code === 'deadline_exceeded' || error.code === 'worker_failed')
    return true;
  return error.cause instanceof NetnsdError && mayHaveLeftParts(error.cause);
}
