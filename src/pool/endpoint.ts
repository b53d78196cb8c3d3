import type { EndpointFacts, EndpointKey, EndpointRecord, EndpointState, LeaseTerms } from './types.js';

/** One endpoint of the pool, from the intent to build it until it is destroyed. */
export interface Endpoint {
  readonly key: EndpointKey;
  /** Its current record. */
  record: EndpointRecord;
  /** The folder that has its record; differs from `record.state` only while a record could not be written. */
  recordedState: EndpointState | null;
  /** False for an adopted one whose address the pool could not claim; such an address is not given back either. */
  readonly ownsIndex: boolean;
  /** Whether it is sealed. */
  sealed: boolean;
  /** How often it was taken out of the ready queue. */
  acquisitions: number;
  /** The token under which it is offered on the shelf; null: it is not offered. */
  offer: string | null;
  /** The key (`shelfKey`) of a lease that has ended, as long as the record on disk still says that it is leased. */
  unrecordedRelease: string | null;
}

/** What a change of state changes besides the state; the lease and the reason end with the state unless given anew. */
export interface Change {
  readonly facts?: EndpointFacts;
  readonly lease?: LeaseTerms | null;
  readonly reason?: string | null;
  readonly tenant?: string;
}

/** An endpoint whose record is on disk. Pure. */
export function endpointOf(record: EndpointRecord, { ownsIndex }: { ownsIndex: boolean }): Endpoint {
  return {
    key: keyOf(record),
    record,
    recordedState: record.state,
    ownsIndex,
    sealed: false,
    acquisitions: 0,
    offer: null,
    unrecordedRelease: null,
  };
}

function keyOf({ id, pool, index, seq, mac }: EndpointKey): EndpointKey {
  return { id, pool, index, seq, ...(mac === undefined ? {} : { mac }) };
}

/** The record of an endpoint that is about to be built. Pure. */
export function firstRecord(key: EndpointKey): EndpointRecord {
  return { ...key, state: 'building', facts: null, lease: null, tenant: null, reason: null };
}

/** The record of an endpoint in its next state. Pure. */
export function nextRecord({ key, record }: Endpoint, state: EndpointState, change: Change): EndpointRecord {
  const facts = change.facts ?? record.facts;
  const tenant = change.tenant ?? record.tenant;
  return { ...keyOf(key), state, facts, lease: change.lease ?? null, tenant, reason: change.reason ?? null };
}
