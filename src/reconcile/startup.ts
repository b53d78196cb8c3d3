import type { Found } from '../endpoint/thread/thread-protocol.js';
import type { EndpointName, NetworkSettings, Settled, Site } from '../endpoint/types.js';
import type { EndpointRecord, Records } from '../pool/types.js';
import { destroyStrays } from './destroy-strays.js';
import { planStart, type StartPlan } from './start-plan.js';
import { highestSeq } from './strays.js';
import { writeDecisions } from './write-decisions.js';

export interface StartupOptions {
  readonly site: Site;
  readonly networks: readonly NetworkSettings[];
  readonly records: readonly EndpointRecord[];
  readonly files: Pick<Records, 'write' | 'remove'>;
  readonly kernel: {
    inventory(): Promise<Found>;
    destroy(names: readonly EndpointName[]): Promise<Settled<void>[]>;
    removeLinks(names: readonly string[]): Promise<string[]>;
    adopt(names: readonly EndpointName[]): Promise<unknown>;
  };
  /** Process ids by namespace inode. */
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

export interface Started extends Pick<StartPlan, 'adopted' | 'orphans'> {
  /** The greatest number that an endpoint of this site has had. */
  readonly highestSeq: number;
}

/**
 * Reconciles once, before the pools start: takes over what an earlier daemon left and removes what has no owner. What
 * cannot be removed is logged, and found again by the next start. Rejects with worker_failed and kernel_error.
 */
export async function reconcileAtStart(options: StartupOptions): Promise<Started> {
  const { site, records, kernel, files, users, log } = options;
  const found = await kernel.inventory();
  const plan = planStart({ ...options, found, users: users() });
  for (const { id, pool } of plan.orphans)
    log.warn({ endpoint: id, pool }, 'the pool of a lease is no longer configured; the lease is kept');
  await removeStrays(plan.strays, options);
  for (const bridge of await kernel.removeLinks(plan.staleBridges))
    log.warn({ bridge }, 'failed to delete the bridge of a pool that is no longer configured');
  await kernel.adopt(plan.adopted);
  writeDecisions({
    records: files,
    found: records,
    adopted: plan.adopted,
    failed: ({ id, state }, err) => log.warn({ err, endpoint: id, state }, 'failed to write a record'),
  });
  return { adopted: plan.adopted, orphans: plan.orphans, highestSeq: highestSeq(site, records, found) };
}

async function removeStrays(strays: readonly EndpointName[], options: StartupOptions): Promise<void> {
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
