import { SHELF_TENANT } from '../pool/index.js';
import type { EndpointRecord, LeaseTerms, Trust } from '../pool/types.js';
import { refuseHardship } from '../state/index.js';
import type { Entry, Place, ShelfFolder } from './shelf-folder.js';

export interface RecoveredShelf {
  /** The records, with what was taken leased, and what was given back dirty. */
  readonly records: EndpointRecord[];
  /** Leases whose entry stands, by container. */
  readonly standing: Map<string, { readonly token: string; readonly leaseId: string }>;
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
}

/**
 * Takes over a shelf from a daemon that has ended: what it offered is no more, and what containers took or gave back since it
 * last looked goes into the records. Nothing can be taken meanwhile. To be called once, before anything is compared. Throws
 * `state_unusable` where something cannot be read for lack of resources: leases may depend on it.
 */
export function recoverShelf(options: Options): RecoveredShelf {
  try {
    return recover(options);
  } catch (error) {
    refuseHardship(error, options.folder.path);
    throw error;
  }
}

function recover(options: Options): RecoveredShelf {
  const { folder, records } = options;
  const byId = new Map<string, EndpointRecord | null>(records.map((record) => [record.id, record]));
  const standing: RecoveredShelf['standing'] = new Map();
  folder.open();
  for (const place of ['returned', 'taken', 'standing'] as const) {
    for (const key of folder.entries(place)) {
      const entry = folder.entry(place, key);
      const record = entry && byId.get(endpointOf(entry));
      const next = entry && record && take({ ...options, entry, place, record });
      if (record && next !== undefined) byId.set(record.id, next);
      if (next?.lease) standing.set(key, { token: (entry as Entry).token, leaseId: next.lease.id });
      else folder.clear(place, key);
    }
  }
  for (const key of folder.holders()) if (!standing.has(key)) folder.clearHolder(key);
  return { records: records.flatMap(({ id }) => byId.get(id) ?? []), standing };
}

/** A token is the endpoint's id, and behind a dot what no other token has. */
function endpointOf({ token }: Entry): string {
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
  const isOurs = record.state === 'leased' && record.lease?.containerId === key;
  if (place === 'standing') return isOurs ? record : undefined;
  if (place === 'returned') {
    if (!isOurs && record.state !== 'ready') return undefined;
    const next: EndpointRecord = { ...record, state: 'dirty', lease: null, tenant: SHELF_TENANT, reason: 'released' };
    if (isWritten(options, next)) return next;
    // Once the entry is gone the older record would call it ready: what has no record is destroyed.
    options.remove(record);
    return null;
  }
  if (!isOurs && record.state !== 'ready') return undefined;
  const next: EndpointRecord = isOurs ? record : { ...record, state: 'leased', lease: termsOf(options) };
  // Where it cannot be written down, it stays where the next start looks for it.
  if (isOurs || isWritten(options, next)) folder.move(key, 'taken', 'standing');
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

function termsOf({ folder, entry, trustOf, newLeaseId }: Options & { entry: Entry }): LeaseTerms {
  const holder = folder.holder(entry.key);
  return {
    id: holder?.leaseId ?? newLeaseId(),
    containerId: entry.key,
    tenant: SHELF_TENANT,
    trust: holder?.specText == null ? 'unknown' : trustOf(holder.specText),
    source: 'warm',
    acquiredAt: new Date(holder?.takenAtMs ?? Date.now()).toISOString(),
    expiresAt: null,
    container: 'awaited',
  };
}
