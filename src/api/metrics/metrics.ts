import type { PoolService, PoolStatus } from '../../pool/index.js';
import type { MetricsRegistry } from './metrics-registry.js';

/**
 * The daemon's metrics in the Prometheus text format. prom-client is loaded with the first acquire or scrape: the start of
 * the daemon does not wait for it.
 */
export class ApiMetrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #service: Pick<PoolService, 'status'>;
  #pools: readonly PoolStatus[] = [];
  #opened: Promise<MetricsRegistry> | undefined;

  constructor(service: Pick<PoolService, 'status'>) {
    this.#service = service;
  }

  /** Counts one acquire that returned leases. */
  observeAcquire(seconds: number): void {
    void this.#open().then(({ acquire }) => acquire.observe(seconds));
  }

  async text(): Promise<string> {
    const { registry } = await this.#open();
    // Once a scrape, for all metrics of it.
    this.#pools = this.#service.status();
    return registry.metrics();
  }

  #open(): Promise<MetricsRegistry> {
    this.#opened ??= import('./metrics-registry.js').then(({ openRegistry }) => openRegistry(() => this.#pools));
    return this.#opened;
  }
}
