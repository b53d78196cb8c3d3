import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ENDPOINT_STATES, type PoolService, type PoolStatus } from '../../pool/index.js';
import type { DurationHistogram } from './duration-histogram.js';

const SIZES = [
  ['netnsd_min_ready', 'How many endpoints a pool keeps ready at least.', 'minReady'],
  ['netnsd_target', 'How many endpoints a pool keeps ready now, as demand says.', 'target'],
  ['netnsd_max', 'How many endpoints a pool may have.', 'max'],
] as const;

const COUNTS = [
  ['netnsd_acquired_warm_total', 'Leases served from the ready queue.', 'acquiredWarm'],
  ['netnsd_acquired_cold_total', 'Leases that had to wait for a build.', 'acquiredCold'],
  ['netnsd_released_total', 'Leases that have ended.', 'released'],
  ['netnsd_recycled_by_seal_total', 'Released endpoints whose seal was intact.', 'recycledBySeal'],
  ['netnsd_recycled_by_proof_total', 'Released endpoints that were as pristine.', 'recycledByProof'],
  ['netnsd_recycled_unseen_total', 'Released endpoints used again as they were.', 'recycledUnseen'],
  ['netnsd_build_failures_total', 'Endpoints that could not be built.', 'buildFailures'],
] as const satisfies readonly (readonly [string, string, keyof PoolStatus])[];

/** A registry of the process's metrics, of `acquire`, and of the pools, which are read when somebody asks. */
export function openRegistry(service: Pick<PoolService, 'status'>, acquire: DurationHistogram): Registry {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  register.registerMetric(acquire.asMetric());
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
  new Counter({
    name: 'netnsd_replaced_total',
    help: 'Released endpoints that were replaced, by kind of reason.',
    labelNames: ['pool', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { name, replacedFor } of service.status())
        for (const [reason, count] of Object.entries(replacedFor)) this.inc({ pool: name, reason }, count);
    },
  });
  return register;
}
