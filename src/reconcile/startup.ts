import type { AdoptedEndpoint, Found } from '../endpoint/thread/thread-protocol.js';
import type { EndpointName, Settled } from '../endpoint/types.js';
import type { EndpointRecord, Records } from '../pool/types.js';
import { destroyStrays } from './destroy-strays.js';
import type { StartPlan } from './start-plan.js';
import type { StaleNetwork } from './strays.js';
import { writeDecisions } from './write-decisions.js';

interface StartKernel {
  destroy(names: readonly EndpointName[]): Promise<Settled<void>[]>;
  removeStale(stale: StaleNetwork): Promise<string[]>;
  adopt(endpoints: readonly AdoptedEndpoint[]): Promise<unknown>;
}

interface CarryOutOptions {
  /** The records that the plan is about. */
  readonly records: readonly EndpointRecord[];
  readonly files: Pick<Records, 'write' | 'remove'>;
  readonly kernel: StartKernel;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

/** What a start reads before the records: see `planStart`. Rejects with worker_failed and kernel_error. */
export async function surveyStart(options: {
  readonly kernel: { inventory(): Promise<Found> };
  readonly users: () => ReadonlyMap<number, readonly number[]>;
}): Promise<{ readonly found: Found; readonly users: ReadonlyMap<number, readonly number[]> }> {
  const found = await options.kernel.inventory();
  return { found, users: options.users() };
}

/**
 * Carries out the plan of a start, before the pools start: removes what has no owner, counts what they take over, and writes
 * the records that have changed. What cannot be removed is logged, and found again by the next start. Rejects with worker_failed
 * and kernel_error.
 */
export async function carryOutStart(plan: StartPlan, options: CarryOutOptions): Promise<void> {
  const { records, kernel, files, log } = options;
  for (const { id, pool } of plan.orphans)
    log.warn({ endpoint: id, pool }, 'the pool of a lease is no longer configured; the lease is kept');
  await removeStrays(plan.strays, options);
  for (const link of await kernel.removeStale(plan.stale))
    log.warn({ link }, 'failed to delete a link of a pool that is no longer configured');
  await kernel.adopt(plan.adopted);
  writeDecisions({
    records: files,
    found: records,
    adopted: plan.adopted,
    failed: ({ id, state }, err) => log.warn({ err, endpoint: id, state }, 'failed to write a record'),
  });
}

async function removeStrays(strays: readonly EndpointName[], options: CarryOutOptions): Promise<void> {
  const { records, kernel, files, log } = options;
  if (strays.length > 0) log.info({ count: strays.length }, 'removing endpoints without a record or a pool');
  const outcomes = await destroyStrays(kernel, strays);
  for (const [position, { id }] of strays.entries()) {
    const outcome = outcomes[position];
    const record = records.find((one) => one.id === id);
    if (outcome?.ok === false) log.warn({ err: outcome.error, endpoint: id }, 'failed to destroy a stray endpoint');
    else if (record !== undefined) files.remove(record, record.state);
  }
}
