import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import { oneLine, type PoolLog } from '../log.js';
import type { Endpoints, PoolSettings, Settled } from '../types.js';
import { Backoff } from './backoff.js';
import type { Endpoint, EndpointTable } from './endpoint-table.js';
import { Fifo } from './fifo.js';

export interface DestroyerHooks {
  /** The endpoint and its record are gone, its index rests. */
  gone(endpoint: Endpoint, reason: string | null): void;
  broken(endpoint: Endpoint, error: NetnsdError): void;
  /** All of one request are settled. */
  settled(): void;
}

interface DestroyerOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly table: EndpointTable;
  readonly clock: Clock;
  readonly log: PoolLog;
  readonly hooks: DestroyerHooks;
}

/**
 * Owns the endpoints on their way out: one request at a time, so that releases which come together go together, and the
 * broken ones, which are tried again with backoff until they go.
 */
export class Destroyer {
  readonly #options: DestroyerOptions;
  readonly #backoff = new Backoff();
  readonly #queue = new Fifo<Endpoint>();
  /** Those that wait for their next try. */
  readonly #broken: Endpoint[] = [];
  /** Those that failed to go at least once: waiting, queued again or being tried. */
  readonly #stubborn = new Set<Endpoint>();
  #cancelStart: Cancel | null = null;
  #cancelRetry: Cancel | null = null;
  #underWay: Promise<void> | null = null;
  #closed = false;

  constructor(options: DestroyerOptions) {
    this.#options = options;
  }

  /** Why endpoints will not go, in one line; null where all do. */
  get trouble(): string | null {
    const [endpoint] = this.#stubborn;
    return endpoint === undefined ? null : (endpoint.record.reason ?? 'an endpoint will not go');
  }

  /** Takes over an endpoint that nobody may use any more; whoever adds it holds on to nothing of it. */
  add(endpoint: Endpoint): void {
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

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay !== null) await this.#underWay;
  }

  /** After `close` and `idle`: tries everything that is queued or broken once, and resolves with what would not go. */
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
    const { table, settings, hooks } = this.#options;
    const endpoints: Endpoint[] = [];
    while (endpoints.length < settings.buildBatch && this.#queue.size > 0) {
      const endpoint = this.#queue.shift() as Endpoint;
      const { state, reason } = endpoint.record;
      if (state !== 'destroying') table.moveAnyway(endpoint, 'destroying', { reason });
      endpoints.push(endpoint);
    }
    const outcomes = await this.#destroy(endpoints);
    for (const [i, endpoint] of endpoints.entries()) {
      const outcome = outcomes[i] as Settled<void>;
      if (outcome.ok) this.#forget(endpoint);
      else this.#keepBroken(endpoint, outcome.error);
    }
    this.#paceRetry();
    hooks.settled();
  }

  async #destroy(endpoints: readonly Endpoint[]): Promise<Settled<void>[]> {
    const keys = endpoints.map((endpoint) => endpoint.key);
    try {
      const settled = await this.#options.endpoints.destroy(keys);
      if (settled.length === keys.length) return settled;
      throw new NetnsdError('internal', `${keys.length} endpoints were to go, ${settled.length} were answered for`);
    } catch (error) {
      return keys.map(() => ({ ok: false, error: toNetnsdError(error) }));
    }
  }

  #forget(endpoint: Endpoint): void {
    const { table, hooks, log, settings } = this.#options;
    const { reason } = endpoint.record;
    table.forget(endpoint);
    hooks.gone(endpoint, reason);
    if (!this.#stubborn.delete(endpoint) || this.#stubborn.size > 0) return;
    this.#backoff.reset();
    log.info({ pool: settings.name }, 'every broken endpoint is gone');
  }

  #keepBroken(endpoint: Endpoint, error: Error): void {
    const { table, hooks, log, settings } = this.#options;
    const reason = oneLine(error);
    table.moveAnyway(endpoint, 'broken', { reason });
    if (this.#stubborn.size === 0) {
      log.warn(
        { pool: settings.name, endpoint: endpoint.key.id, error: reason },
        'endpoint will not go; trying until it does',
      );
    }
    this.#stubborn.add(endpoint);
    this.#broken.push(endpoint);
    hooks.broken(endpoint, toNetnsdError(error));
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
