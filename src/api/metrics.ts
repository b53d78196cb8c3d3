import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ENDPOINT_STATES, type PoolService, type PoolStatus } from '../pool/index.js';
import { DurationHistogram } from './duration-histogram.js';

const BUCKETS_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

const SIZES = [
  ['netnsd_min_ready', 'How many endpoints a pool keeps ready.', 'minReady'],
  ['netnsd_max', 'How many endpoints a pool may have.', 'max'],
] as const;

const COUNTS = [
  ['netnsd_acquired_warm_total', 'Leases served from the ready queue.', 'acquiredWarm'],
  ['netnsd_acquired_cold_total', 'Leases that had to wait for a build.', 'acquiredCold'],
  ['netnsd_released_total', 'Leases that have ended.', 'released'],
  ['netnsd_build_failures_total', 'Endpoints that could not be built.', 'buildFailures'],
] as const satisfies readonly (readonly [string, string, keyof PoolStatus])[];

/** The daemon's metrics in the Prometheus text format; pools are read when somebody asks, not when they change. */
export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #acquire = new DurationHistogram({
    name: 'netnsd_acquire_seconds',
    help: 'Time that an acquire took inside the daemon, waiting included.',
    boundsSeconds: BUCKETS_SECONDS,
  });

  constructor(service: Pick<PoolService, 'status'>) {
    const register = this.#registry;
    const registers = [register];
    collectDefaultMetrics({ register });
    register.registerMetric(this.#acquire.asMetric());
    new Gauge({
      name: 'netnsd_endpoints',
      help: 'Endpoints by pool and state.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        for (const pool of service.status()) {
          for (const state of ENDPOINT_STATES) this.set({ pool: pool.name, state }, pool[state]);
        }
      },
    });
    const labelled = { labelNames: ['pool'], registers };
    for (const [name, help, key] of SIZES) {
      new Gauge({
        name,
        help,
        ...labelled,
        collect() {
          for (const pool of service.status()) this.set({ pool: pool.name }, pool[key]);
        },
      });
    }
    for (const [name, help, key] of COUNTS) {
      new Counter({
        name,
        help,
        ...labelled,
        // The pools count; what is printed is their number, not a second count beside it.
        collect() {
          this.reset();
          for (const pool of service.status()) this.inc({ pool: pool.name }, pool[key]);
        },
      });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts one acquire that was granted. */
  observeAcquire(seconds: number): void {
    this.#acquire.observe(seconds);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
