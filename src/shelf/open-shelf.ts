import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { readTrust, type Spec } from '../oci/index.js';
import { type EndpointRecord, newLeaseId, type Pools, systemClock, type Trust } from '../pool/index.js';
import { type FileRecords, SHELF } from '../state/index.js';
import { FileShelf } from './file-shelf.js';
import { Seldom } from './log-throttle.js';
import { type RecoveredShelf, recoverShelf } from './recover.js';
import { ShelfFolder } from './shelf-folder.js';
import { ShelfWatch } from './shelf-watch.js';

/** How long a client may take between its mark and its taking, in milliseconds; what is older was left behind. */
const STALE_MARK_MS = 30_000;
const SWEEP_MS = 60_000;
const SAY_EVERY_MS = 600_000;
const DEFAULT_POOL = 'default';

export interface OpenShelf extends Disposable {
  readonly shelf: FileShelf;
  /** The records, with what was taken while no daemon ran. */
  readonly records: EndpointRecord[];
  /** Has what clients take and give back entered soon, until disposed. To be called when the pools have started. */
  watch(pools: Pools): void;
  /** Makes anew what was removed of it, as far as that is possible. */
  mend(): void;
}

/**
 * Opens the shelf of a state directory, with what clients did since an earlier daemon looked entered into the records. They go on
 * taking what lies there: `keeps` says which ready endpoints this daemon goes on with, and the offers of all others are taken
 * back before it returns. Throws `state_unusable`.
 */
export function openShelf(options: {
  readonly stateDir: string;
  readonly pools: Config['pools'];
  readonly records: readonly EndpointRecord[];
  readonly keeps: (records: readonly EndpointRecord[]) => readonly EndpointRecord[];
  readonly files: FileRecords;
  readonly log: Logger;
}): OpenShelf {
  const { stateDir, pools, log } = options;
  const folder = new ShelfFolder(stateDir);
  const { records, standing, offers } = takeOver({ ...options, folder });
  const throttle = new Seldom({ everyMs: SAY_EVERY_MS, nowMs: systemClock.monotonicMs });
  const failed = (err: unknown, what: string): void => {
    if (throttle.may(what)) log.warn({ err }, `the shelf fails to ${what}: containers ask instead`);
  };
  const attempt = (act: () => void, what: string): void => {
    try {
      act();
    } catch (error) {
      failed(error, what);
    }
  };
  const mountDns = (name: string): boolean => pools.some((pool) => pool.name === name && pool.mountDns);
  attempt(() => layOut(folder, pools), 'be laid out');
  const shelf = new FileShelf({ folder, trustOf, newLeaseId, mountDns, failed, standing, offers });
  let watching: ShelfWatch | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  return {
    shelf,
    records,
    watch(open) {
      watching = new ShelfWatch({
        folders: ['taken', 'returned'].map((name) => join(stateDir, SHELF, name)),
        collect: () => open.collect(),
        isBusy: isProcessorShort,
        failed: (err) => failed(err, 'be watched'),
      });
      sweeping = setInterval(() => {
        open.collect();
        shelf.sweep(STALE_MARK_MS);
      }, SWEEP_MS).unref();
    },
    mend() {
      attempt(() => layOut(folder, pools), 'be laid out');
      shelf.remark();
    },
    [Symbol.dispose]() {
      clearInterval(sweeping);
      watching?.[Symbol.dispose]();
    },
  };
}

/** Reads the shelf until none of the offers that are not to stay was taken meanwhile: of such an endpoint there is a lease then. */
function takeOver(options: Parameters<typeof openShelf>[0] & { readonly folder: ShelfFolder }): RecoveredShelf {
  const { folder, files, keeps, log } = options;
  let { records } = options;
  for (;;) {
    const recovered = recoverShelf({
      folder,
      records,
      trustOf,
      newLeaseId,
      write: (record, previous) => files.write(record, previous),
      remove: (record) => files.remove(record, record.state),
      failed: (err, { id, state }) => log.warn({ err, endpoint: id, state }, 'a record could not be written'),
    });
    const kept = new Set(keeps(recovered.records).flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
    const unwanted = [...recovered.offers].filter(([id]) => !kept.has(id));
    const taken = unwanted.filter(([, { path }]) => !folder.withdraw(path));
    for (const [id] of unwanted) recovered.offers.delete(id);
    if (taken.length === 0) return recovered;
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
function trustOf(specText: string): Trust {
  try {
    return readTrust(JSON.parse(specText) as Spec).privileged ? 'privileged' : 'unprivileged';
  } catch {
    return 'unknown';
  }
}
