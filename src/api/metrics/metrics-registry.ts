import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ENDPOINT_STATES, type PoolStatus } from '../../pool/index.js';

const SIZES = [
  ['netnsd_min_ready', 'How many endpoints a pool keeps ready at least.', 'minReady'],
  ['netnsd_target', 'How many endpoints a pool keeps ready now, by demand.', 'target'],
  ['netnsd_max', 'How many endpoints a pool may have.', 'max'],
] as const;

const COUNTS = [
  ['netnsd_acquired_warm_total', 'Leases served from the ready queue.', 'acquiredWarm'],
  ['netnsd_acquired_cold_total', 'Leases that had to wait for a build.', 'acquiredCold'],
  ['netnsd_released_total', 'Leases that have ended.', 'released'],
  ['netnsd_recycled_by_seal_total', 'Released endpoints whose seal was intact.', 'recycledBySeal'],
  ['netnsd_recycled_by_proof_total', 'Released endpoints that were proven pristine.', 'recycledByProof'],
  ['netnsd_recycled_unchecked_total', 'Released endpoints used again without a check.', 'recycledUnchecked'],
  ['netnsd_build_failures_total', 'Endpoints that could not be built.', 'buildFailures'],
] as const satisfies readonly (readonly [string, string, keyof PoolStatus])[];

const BUCKETS_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

export interface MetricsRegistry {
  readonly registry: Registry;
  readonly acquire: Histogram;
}

/** The metrics of this process, of acquires, and of the pools, whose status `pools` returns. */
export function openRegistry(pools: () => readonly PoolStatus[]): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'netnsd_endpoints',
    help: 'Endpoints by pool and state.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const pool of pools()) {
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
        for (const pool of pools()) this.set({ pool: pool.name }, pool[key]);
      },
    });
  }
  for (const [name, help, key] of COUNTS) {
    new Counter({
      name,
      help,
      ...labelled,
      // The pools keep the counts; this counter is set to theirs.
      collect() {
        this.reset();
        for (const pool of pools()) this.inc({ pool: pool.name }, pool[key]);
      },
    });
  }
  new Counter({
    name: 'netnsd_replaced_total',
    help: 'Released endpoints that were replaced, by kind of reason.',
    labelNames: ['pool', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { name, replacedFor } of pools())
        for (const [reason, count] of Object.entries(replacedFor)) this.inc({ pool: name, reason }, count);
    },
  });
  const acquire = new Histogram({
    name: 'netnsd_acquire_seconds',
    help: 'Time that an acquire took inside the daemon, waiting included.',
    buckets: BUCKETS_SECONDS,
    registers,
  });
  return { registry, acquire };
}
