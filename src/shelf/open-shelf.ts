import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { LifeSign } from '../kernel/file-lock.js';
import { isProcessorShort } from '../kernel/host/run-queue.js';
import { readTrust, type Spec } from '../oci/index.js';
import { type EndpointRecord, newLeaseId, type Pools, systemClock, type Trust } from '../pool/index.js';
import { type FileRecords, isHardship, SHELF } from '../state/index.js';
import { FileShelf } from './file-shelf.js';
import { LogThrottle } from './log-throttle.js';
import { recoverShelf } from './recover.js';
import { SHELF_OPEN, ShelfFolder } from './shelf-folder.js';
import { ShelfWatch } from './shelf-watch.js';

/** How long netnsd-runc may take between its mark and its taking, in milliseconds; what is older was left behind. */
const STALE_MARK_MS = 30_000;
const SWEEP_MS = 60_000;
/** How often one kind of failure is logged, in milliseconds. */
const LOG_INTERVAL_MS = 600_000;
const DEFAULT_POOL = 'default';

export interface OpenShelf extends Disposable {
  readonly shelf: FileShelf;
  /** The records, with what was taken while no daemon ran. */
  readonly records: EndpointRecord[];
  /** From now on containers may take, and that is noticed; until disposed. To be called when the pools have started. */
  watch(pools: Pools): void;
  /** Makes again what was removed of it; a failure is logged. */
  repair(): void;
}

/** Opens the shelf of a state directory, with what an earlier daemon left on it entered into the records. */
export function openShelf(options: {
  readonly stateDir: string;
  readonly pools: Config['pools'];
  readonly records: readonly EndpointRecord[];
  readonly files: FileRecords;
  readonly log: Logger;
}): OpenShelf {
  const { stateDir, pools, files, log } = options;
  const folder = new ShelfFolder(stateDir);
  const { records, standing } = recoverShelf({
    folder,
    records: options.records,
    trustOf,
    newLeaseId,
    write: (record, previous) => files.write(record, previous),
    remove: (record) => files.remove(record, record.state),
    failed: (err, { id, state }) => log.warn({ err, endpoint: id, state }, 'failed to write a record'),
  });
  const throttle = new LogThrottle({ intervalMs: LOG_INTERVAL_MS, nowMs: systemClock.monotonicMs });
  const failed = (err: unknown, what: string): void => {
    if (throttle.allows(what)) log.warn({ err }, `the shelf failed to ${what}; clients use the socket instead`);
  };
  const attempt = (act: () => void, what: string): void => {
    try {
      act();
    } catch (error) {
      failed(error, what);
    }
  };
  attempt(() => layOut(folder, pools), 'be laid out');
  const shelf = new FileShelf({ folder, trustOf, newLeaseId, failed, standing });
  let lifeSign: LifeSign | undefined;
  let watching: ShelfWatch | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  const giveLifeSign = (): void => {
    if (lifeSign?.stands === true) return;
    lifeSign?.[Symbol.dispose]();
    lifeSign = undefined;
    lifeSign = new LifeSign(join(stateDir, SHELF, SHELF_OPEN));
  };
  return {
    shelf,
    records,
    watch(open) {
      // Not before the pools have started: whoever holds a lease is marked by then.
      try {
        giveLifeSign();
      } catch (error) {
        if (!isHardship(error)) throw error;
        failed(error, 'be opened');
      }
      const folders = ['taken', 'returned'].map((name) => join(stateDir, SHELF, name));
      watching = new ShelfWatch({
        folders,
        collect: () => open.collect(),
        isBusy: isProcessorShort,
        failed: (err) => failed(err, 'be watched'),
      });
      sweeping = setInterval(() => {
        open.collect();
        shelf.sweep(STALE_MARK_MS);
      }, SWEEP_MS).unref();
    },
    repair() {
      attempt(() => layOut(folder, pools), 'be laid out');
      if (watching !== undefined) attempt(giveLifeSign, 'be opened');
    },
    [Symbol.dispose]() {
      clearInterval(sweeping);
      watching?.[Symbol.dispose]();
      lifeSign?.[Symbol.dispose]();
    },
  };
}

/** Makes what is missing of a shelf for these pools. */
function layOut(folder: ShelfFolder, pools: Config['pools']): void {
  folder.make(pools.map(({ name }) => name));
  const standard = pools.find(({ name }) => name === DEFAULT_POOL) ?? (pools.length === 1 ? pools[0] : undefined);
  if (standard !== undefined) folder.setDefault(standard.name);
}

/** What the container of a spec may do to its network; a text that is no spec says nothing. */
function trustOf(specText: string): Trust {
  try {
    return readTrust(JSON.parse(specText) as Spec).privileged ? 'privileged' : 'unprivileged';
  } catch {
    return 'unknown';
  }
}
