import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { FolderChanges } from '../kernel/folder-changes.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { readTrust, type Spec } from '../oci/index.js';
import { type EndpointRecord, newLeaseId, type Pools, shelfKey, systemClock, type Trust } from '../pool/index.js';
import { type FileRecords, SHELF } from '../state/index.js';
import { FileShelf } from './file-shelf.js';
import { STALE_MARK_MS } from './holder.js';
import { LogThrottle } from './log-throttle.js';
import { type RecoveredShelf, recoverShelf } from './recover.js';
import { ShelfFolder } from './shelf-folder.js';
import { ShelfWatch } from './shelf-watch.js';

const CHECK_MS = 60_000;
/** How often one kind of failure is logged, in milliseconds. */
const LOG_INTERVAL_MS = 600_000;
const DEFAULT_POOL = 'default';

/** What a start does with the records: which endpoints it goes on with. */
interface AdoptingPlan {
  readonly adopted: readonly EndpointRecord[];
}

interface OpenShelfOptions<Plan extends AdoptingPlan> {
  readonly stateDir: string;
  readonly pools: Config['pools'];
  readonly records: readonly EndpointRecord[];
  /** Called again with the records as they are then, if a client took an endpoint that was not to stay. */
  readonly plan: (records: readonly EndpointRecord[]) => Plan;
  readonly files: FileRecords;
  readonly log: Logger;
}

export interface OpenShelf extends Disposable {
  readonly shelf: FileShelf;
  /** Has what clients take and give back entered soon, until disposed. To be called when the pools have started. */
  watch(pools: Pools): void;
  /** Makes again what was removed of it; a failure is logged. */
  repair(): void;
}

/**
 * Opens the shelf of a state directory, with what clients did since an earlier daemon looked entered into the records. They go on
 * taking what lies there: offers of endpoints that the plan does not go on with as ready are withdrawn before this returns. With
 * the shelf it returns the records, with what was taken while no daemon ran, and the plan for them. Throws `state_unusable`.
 */
export function openShelf<Plan extends AdoptingPlan>(
  options: OpenShelfOptions<Plan>,
): { readonly shelf: OpenShelf; readonly records: readonly EndpointRecord[]; readonly plan: Plan } {
  const folder = new ShelfFolder(options.stateDir);
  const { plan, ...recovered } = takeOver({ ...options, folder });
  return { shelf: shelfOn(folder, recovered, options), records: recovered.records, plan };
}

function shelfOn(
  folder: ShelfFolder,
  { leases, offers, unrecorded }: TakenOver,
  { stateDir, pools, files, log }: Pick<OpenShelfOptions<AdoptingPlan>, 'stateDir' | 'pools' | 'files' | 'log'>,
): OpenShelf {
  const throttle = new LogThrottle({ intervalMs: LOG_INTERVAL_MS, nowMs: systemClock.monotonicMs });
  const failed = (err: unknown, what: string): void => {
    if (throttle.allows(what)) log.warn({ err }, `shelf: failed to ${what}; clients use the socket instead`);
  };
  const attempt = (act: () => void, what: string): void => {
    try {
      act();
    } catch (error) {
      failed(error, what);
    }
  };
  const mountDns = (name: string): boolean => pools.some((pool) => pool.name === name && pool.mountDns);
  attempt(() => layOut(folder, pools), 'create its folders');
  const folders = ['taken', 'returned'].map((name) => join(stateDir, SHELF, name));
  const changes = new FolderChanges({
    folders,
    parent: join(stateDir, SHELF),
    failed: (err) => failed(err, 'watch its folders'),
  });
  const appeared = () => changes.appeared();
  const judge = (specText: string): Trust => {
    const { trust, reasons } = trustOf(specText);
    const why = reasons.join('; ');
    if (trust === 'privileged' && throttle.allows(why))
      log.info({ reasons }, 'a container may change its network, so its endpoint will be replaced and not recycled');
    return trust;
  };
  const shelf = new FileShelf({ folder, trustOf: judge, newLeaseId, mountDns, failed, leases, offers, appeared });
  /** Leases of clients that took while no daemon ran, and whose records the start could not write. */
  const recordLate = (records: readonly EndpointRecord[]): void => {
    for (const record of records) {
      const { id, state, lease } = record;
      if (!unrecorded.has(id)) continue;
      try {
        if (state === 'leased' && lease !== null) {
          files.write(record, 'ready');
          shelf.setRecorded([shelfKey(lease)]);
        }
        unrecorded.delete(id);
      } catch (err) {
        if (throttle.allows('record')) log.warn({ err, endpoint: id, state }, 'failed to write a record; retrying');
      }
    }
  };
  let watching: ShelfWatch | undefined;
  let checking: NodeJS.Timeout | undefined;
  return {
    shelf,
    watch(open) {
      watching = new ShelfWatch({
        folders,
        collect: () => open.collect(),
        isBusy: isProcessorShort,
        failed: (err) => failed(err, 'watch its folders'),
      });
      if (unrecorded.size > 0) recordLate(open.records());
      checking = setInterval(() => {
        open.collect();
        if (unrecorded.size > 0) recordLate(open.records());
        shelf.removeStaleMarks(STALE_MARK_MS);
      }, CHECK_MS).unref();
    },
    repair() {
      attempt(() => layOut(folder, pools), 'create its folders');
      shelf.restoreMarks();
    },
    [Symbol.dispose]() {
      clearInterval(checking);
      watching?.[Symbol.dispose]();
      changes[Symbol.dispose]();
    },
  };
}

interface TakenOver extends RecoveredShelf {
  /** Ids of endpoints that were taken and whose record could not be written: it is written later. */
  readonly unrecorded: Set<string>;
}

/** Reads the shelf again while a client took an offer that was to be withdrawn: its endpoint is leased then. */
function takeOver<Plan extends AdoptingPlan>(
  options: OpenShelfOptions<Plan> & { readonly folder: ShelfFolder },
): TakenOver & { readonly plan: Plan } {
  const { folder, files, log } = options;
  let { records } = options;
  const unrecorded = new Set<string>();
  for (;;) {
    const recovered = recoverShelf({
      folder,
      records,
      trustOf: (specText) => trustOf(specText).trust,
      newLeaseId,
      unrecorded,
      write: (record, previous) => files.write(record, previous),
      remove: (record) => files.remove(record, record.state),
      failed: (err, { id, state }) => log.warn({ err, endpoint: id, state }, 'failed to write a record'),
    });
    const plan = options.plan(recovered.records);
    const kept = new Set(plan.adopted.flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
    const unwanted = [...recovered.offers].filter(([id]) => !kept.has(id));
    const taken = unwanted.filter(([, { path }]) => !folder.withdraw(path));
    for (const [id] of unwanted) recovered.offers.delete(id);
    if (taken.length === 0) return { ...recovered, unrecorded, plan };
    records = recovered.records;
  }
}

/** Makes what is missing of a shelf for these pools. */
function layOut(folder: ShelfFolder, pools: Config['pools']): void {
  folder.make(pools.map(({ name }) => name));
  const standard = pools.find(({ name }) => name === DEFAULT_POOL) ?? (pools.length === 1 ? pools[0] : undefined);
  folder.setDefault(standard?.name ?? null);
}

/** What the container of a spec may do to its network; a text that is no spec says nothing. */
function trustOf(specText: string): { trust: Trust; reasons: readonly string[] } {
  try {
    const { privileged, reasons } = readTrust(JSON.parse(specText) as Spec);
    return { trust: privileged ? 'privileged' : 'unprivileged', reasons };
  } catch {
    return { trust: 'unknown', reasons: [] };
  }
}
