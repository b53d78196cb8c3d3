import type { Registry } from 'prom-client';
import type { PoolService } from '../../pool/index.js';
import { DurationHistogram } from './duration-histogram.js';

const BUCKETS_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/**
 * The daemon's metrics in the Prometheus text format. prom-client and its registry are loaded when somebody asks for the
 * first time: a daemon that nobody scrapes does without their memory.
 */
export class ApiMetrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #service: Pick<PoolService, 'status'>;
  readonly #acquire = new DurationHistogram({
    name: 'netnsd_acquire_seconds',
    help: 'Time that an acquire took inside the daemon, waiting included.',
    boundsSeconds: BUCKETS_SECONDS,
  });
  #registry: Promise<Registry> | undefined;

  constructor(service: Pick<PoolService, 'status'>) {
    this.#service = service;
  }

  /** Counts one acquire that was granted. */
  observeAcquire(seconds: number): void {
    this.#acquire.observe(seconds);
  }

  async text(): Promise<string> {
    this.#registry ??= this.#open();
    return (await this.#registry).metrics();
  }

  async #open(): Promise<Registry> {
    const { openRegistry } = await import('./metrics-registry.js');
    return openRegistry(this.#service, this.#acquire);
  }
}
