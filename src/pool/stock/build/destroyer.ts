import { NetnsdError, toNetnsdError } from '../../../errors.js';
import type { Endpoint } from '../../endpoint.js';
import { Fifo } from '../../fifo.js';
import type { Cancel } from '../../ports/clock.js';
import type { Clock, Endpoints, PoolLog, Settled } from '../../ports/index.js';
import { oneLine } from '../../ports/log.js';
import type { PoolSettings } from '../../settings.js';
import { Backoff } from '../backoff.js';
import type { EndpointTable } from '../table/endpoint-table.js';
import type { DestroyReport, Reporter } from './reports.js';

interface DestroyerOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly table: EndpointTable;
  readonly clock: Clock;
  readonly log: PoolLog;
  readonly report: Reporter;
}

/**
 * Destroys endpoints, one request at a time, so that those that come together go together. Those that cannot be destroyed
 * are broken, and tried again with backoff.
 */
export class Destroyer {
  readonly #options: DestroyerOptions;
  readonly #backoff = new Backoff();
  readonly #queue = new Fifo<Endpoint>();
  /** Those that wait for their next try. */
  readonly #broken: Endpoint[] = [];
  /** Those that failed at least once: waiting, queued again or being tried. */
  readonly #failing = new Set<Endpoint>();
  #cancelStart: Cancel | null = null;
  #cancelRetry: Cancel | null = null;
  #underWay: Promise<void> | null = null;
  #closed = false;

  constructor(options: DestroyerOptions) {
    this.#options = options;
  }

  /** Why endpoints cannot be destroyed, in one line; null where all can. */
  get trouble(): string | null {
    const [endpoint] = this.#failing;
    return endpoint === undefined ? null : (endpoint.record.reason ?? 'failed to destroy an endpoint');
  }

  /** Takes over an endpoint that is not to be used any more; its record says why. */
  discard(endpoint: Endpoint, reason: string): void {
    const { table } = this.#options;
    const { state } = endpoint.record;
    if (state === 'leased') table.moveAnyway(endpoint, 'dirty', { reason });
    else if (state === 'dirty') table.explain(endpoint, reason);
    else if (state !== 'destroying') table.moveAnyway(endpoint, 'destroying', { reason });
    this.#queue.push(endpoint);
    this.#start();
  }

  /** Starts nothing any more: what is queued keeps its record, for the next start. */
  close(): void {
    this.#closed = true;
    this.#cancelStart?.();
    this.#cancelRetry?.();
    this.#cancelStart = null;
    this.#cancelRetry = null;
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.#underWay !== null) await this.#underWay;
  }

  /** After `close` and `idle`: tries all that are queued or broken once; resolves with those that could not be destroyed. */
  async drain(): Promise<Endpoint[]> {
    for (const endpoint of this.#broken.splice(0)) this.#queue.push(endpoint);
    while (this.#queue.size > 0) await this.#request();
    return [...this.#broken];
  }

  #start(): void {
    if (this.#closed || this.#underWay !== null || this.#cancelStart !== null || this.#queue.size === 0) return;
    this.#cancelStart = this.#options.clock.soon(() => {
      this.#cancelStart = null;
      this.#underWay = this.#request().finally(() => {
        this.#underWay = null;
        this.#start();
      });
    });
  }

  async #request(): Promise<void> {
    const { table, settings, report } = this.#options;
    const endpoints: Endpoint[] = [];
    while (endpoints.length < settings.buildBatch && this.#queue.size > 0) {
      const endpoint = this.#queue.shift() as Endpoint;
      const { state, reason } = endpoint.record;
      if (state !== 'destroying') table.moveAnyway(endpoint, 'destroying', { reason });
      endpoints.push(endpoint);
    }
    const outcomes = await this.#destroy(endpoints);
    const destroyed: DestroyReport['destroyed'][number][] = [];
    const broken: DestroyReport['broken'][number][] = [];
    for (const [position, endpoint] of endpoints.entries()) {
      const outcome = outcomes[position] as Settled<void>;
      if (outcome.ok) destroyed.push(this.#forget(endpoint));
      else broken.push(this.#keepBroken(endpoint, outcome.error));
    }
    this.#paceRetry();
    report({ actor: 'destroyer', destroyed, broken });
  }

  async #destroy(endpoints: readonly Endpoint[]): Promise<Settled<void>[]> {
    const keys = endpoints.map((endpoint) => endpoint.key);
    try {
      const settled = await this.#options.endpoints.destroy(keys);
      if (settled.length === keys.length) return settled;
      throw new NetnsdError('internal', `${settled.length} outcomes for ${keys.length} endpoints to destroy`);
    } catch (error) {
      return keys.map(() => ({ ok: false, error: toNetnsdError(error) }));
    }
  }

  #forget(endpoint: Endpoint): DestroyReport['destroyed'][number] {
    const { table, log, settings } = this.#options;
    const { reason } = endpoint.record;
    table.forget(endpoint);
    if (this.#failing.delete(endpoint) && this.#failing.size === 0) {
      this.#backoff.reset();
      log.info({ pool: settings.name }, 'all broken endpoints are destroyed');
    }
    return { endpoint, reason };
  }

  #keepBroken(endpoint: Endpoint, error: Error): DestroyReport['broken'][number] {
    const { table, log, settings } = this.#options;
    const reason = oneLine(error);
    table.moveAnyway(endpoint, 'broken', { reason });
    if (this.#failing.size === 0) {
      const details = { pool: settings.name, endpoint: endpoint.key.id, error: reason };
      log.warn(details, 'failed to destroy endpoint; retrying');
    }
    this.#failing.add(endpoint);
    this.#broken.push(endpoint);
    return { endpoint, error: toNetnsdError(error) };
  }

  #paceRetry(): void {
    if (this.#closed || this.#cancelRetry !== null || this.#broken.length === 0) return;
    this.#cancelRetry = this.#options.clock.after(this.#backoff.next(), () => {
      this.#cancelRetry = null;
      for (const endpoint of this.#broken.splice(0)) this.#queue.push(endpoint);
      this.#start();
    });
  }
}
