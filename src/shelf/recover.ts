import { type EndpointRecord, type LeaseTerms, shelfKey, type Trust, takenTerms } from '../pool/index.js';
import { throwIfTransient } from '../state/index.js';
import { STALE_MARK_MS, takenLease } from './holder.js';
import type { Entry, FoundOffer, Place, ShelfFolder } from './shelf-folder.js';

export interface RecoveredShelf {
  /** The records, with what was taken leased, and what was given back dirty. */
  readonly records: EndpointRecord[];
  /** Leases that have an entry, by key. It is in `taken` as long as its record could not be written. */
  readonly leases: Map<
    string,
    { readonly token: string; readonly leaseId: string; readonly place: 'taken' | 'standing' }
  >;
  /** Offers of ready endpoints that lay there, by endpoint. Clients may have taken some since. */
  readonly offers: Map<string, FoundOffer>;
}

interface Options {
  readonly folder: ShelfFolder;
  readonly records: readonly EndpointRecord[];
  readonly trustOf: (specText: string) => Trust;
  readonly newLeaseId: () => string;
  /** Writes a record down; what throws is told to `failed`, and the shelf goes on speaking for the endpoint. */
  readonly write: (record: EndpointRecord, previous: EndpointRecord['state']) => void;
  /** Removes a record; what throws ends the start. */
  readonly remove: (record: EndpointRecord) => void;
  readonly failed: (error: unknown, record: EndpointRecord) => void;
  /** Ids of endpoints whose record could not be written; kept by the caller where the shelf is read again in one start. */
  readonly unrecorded?: Set<string>;
}

/**
 * Takes over a shelf from a daemon that has ended: what clients took or gave back since it last looked goes into the records.
 * Clients go on taking and giving back meanwhile: each entry is seen in one place at least, since the folders are read in the
 * order in which it moves. Throws `state_unusable` where something cannot be read for lack of resources: leases may depend on it.
 */
export function recoverShelf(options: Options): RecoveredShelf {
  try {
    return recover(options);
  } catch (error) {
    throwIfTransient(error, options.folder.path);
    throw error;
  }
}

function recover(options: Options): RecoveredShelf {
  const { folder, records } = options;
  const byId = new Map<string, EndpointRecord | null>(records.map((record) => [record.id, record]));
  const leases: RecoveredShelf['leases'] = new Map();
  folder.make();
  const found = folder.offers();
  for (const place of ['taken', 'standing', 'returned'] as const) {
    for (const key of folder.entries(place)) {
      const entry = folder.entry(place, key);
      // Given back just now: it is seen further on.
      if (entry === undefined && !folder.has(place, key)) continue;
      const record = entry && byId.get(endpointOf(entry));
      const next = entry && record && take({ ...options, entry, place, record });
      if (record && next !== undefined) byId.set(record.id, next);
      if (next?.lease)
        leases.set(key, { token: (entry as Entry).token, leaseId: next.lease.id, place: placeOf(folder, key) });
      else forget(options, place, key, leases);
    }
  }
  clearMarks(folder, leases, byId.values());
  return { records: records.flatMap(({ id }) => byId.get(id) ?? []), leases, offers: adoptable(folder, found, byId) };
}

function placeOf(folder: ShelfFolder, key: string): 'taken' | 'standing' {
  return folder.has('taken', key) ? 'taken' : 'standing';
}

/** The entry first: who finds no mark may take again, under the same name. */
function forget({ folder }: Options, place: Place, key: string, leases: RecoveredShelf['leases']): void {
  folder.clear(place, key);
  if (place === 'returned') leases.delete(key);
  if (!leases.has(key)) folder.clearMarks(key);
}

/** Those of ready endpoints; whatever else lies there is taken back. */
function adoptable(
  folder: ShelfFolder,
  found: readonly FoundOffer[],
  byId: ReadonlyMap<string, EndpointRecord | null>,
): RecoveredShelf['offers'] {
  const offers: RecoveredShelf['offers'] = new Map();
  for (const offer of found) {
    const id = endpointOf(offer);
    if (byId.get(id)?.state === 'ready' && !offers.has(id)) offers.set(id, offer);
    else folder.withdraw(offer.path);
  }
  return offers;
}

/** Marks of containers that hold a lease stay, and so do young ones, of clients that may be about to take. */
function clearMarks(
  folder: ShelfFolder,
  leases: RecoveredShelf['leases'],
  records: Iterable<EndpointRecord | null>,
): void {
  const leased = new Set(Array.from(records, (record) => record?.lease?.containerId));
  for (const key of folder.holders()) {
    const isYoung = Date.now() - (folder.markedSinceMs(key) ?? 0) <= STALE_MARK_MS;
    if (!leases.has(key) && !leased.has(key) && !isYoung) folder.clearMarks(key);
  }
}

/** A token is the endpoint's id, and behind a dot what no other token has. */
function endpointOf({ token }: { readonly token: string }): string {
  return token.slice(0, Math.max(0, token.lastIndexOf('.')));
}

type Finding = Options & { readonly entry: Entry; readonly place: Place; readonly record: EndpointRecord };

/**
 * What the record of an endpoint is with this entry, null where there is to be none; undefined where the entry has nothing to
 * say any more.
 */
function take(options: Finding): EndpointRecord | null | undefined {
  const { folder, entry, place, record } = options;
  const { key } = entry;
  const { lease } = record;
  const isOurs = record.state === 'leased' && lease !== null && shelfKey(lease) === key;
  if (place === 'standing') return isOurs ? record : undefined;
  if (!isOurs && record.state !== 'ready') return undefined;
  const terms = isOurs ? lease : termsOf(options);
  if (place === 'returned') {
    const { tenant } = terms;
    const next: EndpointRecord = { ...record, state: 'dirty', lease: null, tenant, reason: 'released' };
    if (isWritten(options, next)) return next;
    // Once the entry is gone the older record would call it ready: what has no record is destroyed.
    options.remove(record);
    return null;
  }
  const next: EndpointRecord = isOurs ? record : { ...record, state: 'leased', lease: terms };
  // Where it cannot be written down, it stays where the next start looks for it.
  const isRecorded = isOurs ? !options.unrecorded?.has(record.id) : isWritten(options, next);
  if (isRecorded) folder.move(key, 'taken', 'standing');
  else options.unrecorded?.add(record.id);
  return next;
}

function isWritten({ write, failed, record }: Options & { record: EndpointRecord }, next: EndpointRecord): boolean {
  try {
    write(next, record.state);
    return true;
  } catch (error) {
    failed(error, next);
    return false;
  }
}

function termsOf(options: Options & { entry: Entry }): LeaseTerms {
  const { key } = options.entry;
  return takenTerms(takenLease({ ...options, key, holder: options.folder.holder(key) }));
}
