import type { NetnsdError } from '../../../errors.js';
import type { Endpoint } from '../../endpoint.js';
import type { PoolEvents } from '../../events/events.js';
import { oneLine } from '../../ports/log.js';
import type { Recycled, RecycleReport } from '../../recycle/index.js';
import type { EndpointFacts } from '../../types.js';
import type { ReadyEndpoints } from '../ready/ready-endpoints.js';
import type { EndpointTable } from '../table/endpoint-table.js';
import type { Destroyer } from './destroyer.js';
import type { BuildFailure, BuildReport, DestroyReport, Report } from './reports.js';

/** What a report changes for clients that wait. */
export interface StockChange {
  /** The error for each failed build that a client waited for. */
  readonly clientErrors: readonly NetnsdError[];
  /** Whether fewer endpoints are to be expected than before. */
  readonly lost: boolean;
}

interface OutcomesOptions {
  readonly table: EndpointTable;
  readonly ready: ReadyEndpoints;
  readonly destroyer: Pick<Destroyer, 'discard'>;
  readonly recycled: Recycled;
  readonly events: PoolEvents;
  /** An endpoint is built; true when it was leased to a client that waits. */
  readonly leaseBuilt: (endpoint: Endpoint, facts: EndpointFacts) => boolean;
}

/** Takes in what the actors report: which endpoints are ready now, which are to be destroyed, and which are gone. */
export class Outcomes {
  readonly failures = { buildFailures: 0, lastError: null as string | null };
  readonly #options: OutcomesOptions;

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  settle(report: Report): StockChange {
    switch (report.actor) {
      case 'builder':
        return { clientErrors: report.clientErrors, lost: this.#settleBuilds(report) };
      case 'recycler':
        this.#settleReleased(report);
        return { clientErrors: [], lost: report.lost };
      case 'destroyer':
        this.#settleDestroyed(report);
        return { clientErrors: [], lost: false };
      case 'timer':
        return { clientErrors: [], lost: false };
    }
  }

  /** True if one of the endpoints that were to be built is neither leased nor ready. */
  #settleBuilds({ built, failed }: BuildReport): boolean {
    let lost = failed.length > 0;
    for (const { endpoint, facts } of built) {
      const served = this.#options.leaseBuilt(endpoint, facts) || this.#becomesReady(endpoint, null, facts);
      lost ||= !served;
    }
    for (const failure of failed) this.#buildFailed(failure);
    return lost;
  }

  #buildFailed({ endpoint, error, mayHaveLeftParts }: BuildFailure): void {
    const { events, destroyer, table } = this.#options;
    const text = this.#failed(error);
    this.failures.buildFailures += 1;
    if (endpoint === null) return;
    events.emitOf('build_failed', endpoint, text);
    if (mayHaveLeftParts) destroyer.discard(endpoint, text);
    else table.forget(endpoint);
  }

  #settleReleased({ clean, rejected }: RecycleReport): void {
    const { recycled, destroyer } = this.#options;
    for (const { endpoint, reason } of rejected) {
      recycled.replaced(endpoint, reason);
      destroyer.discard(endpoint, `${reason.kind}: ${reason.text}`);
    }
    for (const { endpoint, way, sealed } of clean) {
      endpoint.sealed = sealed;
      if (this.#becomesReady(endpoint, way)) recycled.clean(way);
    }
  }

  #settleDestroyed({ destroyed, broken }: DestroyReport): void {
    const { events } = this.#options;
    for (const { endpoint, reason } of destroyed) events.emitOf('destroyed', endpoint, reason);
    for (const { endpoint, error } of broken) events.emitOf('broken', endpoint, this.#failed(error));
  }

  /** False where that cannot be recorded: then the endpoint is destroyed. */
  #becomesReady(endpoint: Endpoint, reason: string | null, facts?: EndpointFacts): boolean {
    const { table, destroyer, ready } = this.#options;
    // It is for the client that asked for this MAC, which has gone.
    if (endpoint.key.mac !== undefined) {
      destroyer.discard(endpoint, 'it has a MAC that was asked for');
      return false;
    }
    try {
      table.move(endpoint, 'ready', facts === undefined ? {} : { facts });
    } catch (error) {
      this.#failed(error);
      destroyer.discard(endpoint, 'not recorded as ready');
      return false;
    }
    ready.add(endpoint, reason);
    return true;
  }

  #failed(error: unknown): string {
    const text = oneLine(error);
    this.failures.lastError = text;
    return text;
  }
}
