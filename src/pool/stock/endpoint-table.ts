import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Clock } from '../clock.js';
import { oneLine, type PoolLog } from '../log.js';
import type {
  AddressCooldowns,
  EndpointFacts,
  EndpointKey,
  EndpointRecord,
  EndpointState,
  LeaseTerms,
  PoolSettings,
  Records,
} from '../types.js';
import { IndexAllocator } from './ipam.js';
import { RecordTrouble } from './record-trouble.js';
import { NEXT_STATES } from './states.js';

/** One endpoint of the pool that exists, from its first intent to its last trace. */
export interface Endpoint {
  readonly key: EndpointKey;
  /** What is true of it now. */
  record: EndpointRecord;
  /** The folder that its record stands in; differs from `record.state` only after a failed write on the way out. */
  recordedState: EndpointState | null;
  /** False for an adopted one whose address the pool could not claim; such an address is not given back either. */
  readonly ownsIndex: boolean;
  /** Whether a seal tells what is done to it. */
  sealed: boolean;
  /** How often it was taken out of the ready queue. */
  acquisitions: number;
  /** The token under which it lies on the shelf; null: it does not. */
  offer: string | null;
  /** Called when its record says that it is leased no more. */
  onUnleased: (() => void) | null;
}

export interface Change {
  readonly facts?: EndpointFacts;
  readonly lease?: LeaseTerms | null;
  readonly reason?: string | null;
  readonly tenant?: string;
}

/** Owns every endpoint of one pool: which exist, in what state, at which index; and keeps the records on disk in step. */
export class EndpointTable {
  readonly counts: Record<EndpointState, number> = {
    building: 0,
    ready: 0,
    leased: 0,
    dirty: 0,
    broken: 0,
    destroying: 0,
  };
  /** Whether records can be written at the moment. */
  readonly trouble: RecordTrouble;
  readonly #pool: string;
  readonly #records: Records;
  readonly #nextSeq: () => number;
  readonly #log: PoolLog;
  readonly #rests: AddressCooldowns | undefined;
  readonly #clock: Clock;
  /** The addresses of the pool's endpoints. */
  readonly indexes: IndexAllocator;
  readonly #endpoints = new Set<Endpoint>();

  constructor(options: {
    settings: PoolSettings;
    records: Records;
    rests?: AddressCooldowns | undefined;
    nextSeq: () => number;
    log: PoolLog;
    clock: Clock;
  }) {
    const { log, clock, settings } = options;
    this.#pool = options.settings.name;
    this.trouble = new RecordTrouble({ pool: this.#pool, log, clock, retry: () => this.#catchUp() });
    this.#records = options.records;
    this.#nextSeq = options.nextSeq;
    this.#log = options.log;
    this.#rests = options.rests;
    this.#clock = clock;
    const { capacity, addressCooldownSeconds } = settings;
    this.indexes = new IndexAllocator({ capacity, restMs: addressCooldownSeconds * 1000, clock });
  }

  /** How many endpoints exist, in whatever state: what `max` bounds. */
  get size(): number {
    return this.#endpoints.size;
  }

  endpoints(): IterableIterator<Endpoint> {
    return this.#endpoints.values();
  }

  /** The endpoint that a record speaks of, if nothing has changed about it since the record was made. */
  endpointOf(record: EndpointRecord): Endpoint | undefined {
    for (const endpoint of this.#endpoints) if (endpoint.record === record) return endpoint;
    return undefined;
  }

  /** The intent to build an endpoint: its key, on disk before anything of it exists. Throws `state_write_failed`. */
  reserve(): Endpoint {
    const index = this.indexes.acquire();
    try {
      const seq = this.#nextSeq();
      const key: EndpointKey = { id: `${this.#pool}-${seq}`, pool: this.#pool, index, seq };
      const record: EndpointRecord = {
        ...key,
        state: 'building',
        facts: null,
        lease: null,
        tenant: null,
        reason: null,
      };
      this.#records.write(record, null);
      this.trouble.worked();
      return this.#add({
        key,
        record,
        recordedState: 'building',
        ownsIndex: true,
        sealed: false,
        acquisitions: 0,
        offer: null,
        onUnleased: null,
      });
    } catch (error) {
      this.indexes.release(index, { held: false });
      this.trouble.failed(error);
      throw toNetnsdError(error);
    }
  }

  /** Takes over an endpoint whose record a restart found; nothing is written. */
  adopt(record: EndpointRecord): Endpoint {
    const { id, pool, index, seq } = record;
    const ownsIndex = this.indexes.claimable(index);
    if (ownsIndex) this.indexes.claim(index);
    else
      this.#log.warn({ pool, endpoint: id, index }, 'an adopted endpoint has an address that is not free in its pool');
    const key = { id, pool, index, seq };
    return this.#add({
      key,
      record,
      recordedState: record.state,
      ownsIndex,
      sealed: false,
      acquisitions: 0,
      offer: null,
      onUnleased: null,
    });
  }

  /** After every `adopt`: addresses that came to rest before a restart go on resting. */
  resumeRests(): void {
    this.indexes.resume(this.#rests?.of(this.#pool) ?? []);
  }

  /** Records the new state, then holds it. Throws `state_write_failed`; then nothing has changed. */
  move(endpoint: Endpoint, state: EndpointState, change: Change = {}): void {
    const record = this.#next(endpoint, state, change);
    try {
      this.#records.write(record, endpoint.recordedState);
    } catch (error) {
      this.trouble.failed(error);
      throw toNetnsdError(error);
    }
    this.trouble.worked();
    this.#hold(endpoint, record);
    this.#recorded(endpoint);
  }

  /** Records other terms of a lease that stands, at once. Throws `state_write_failed`; then nothing has changed. */
  amend(endpoint: Endpoint, lease: LeaseTerms): void {
    if (endpoint.record.state !== 'leased')
      throw new NetnsdError('internal', `endpoint ${endpoint.key.id} is not leased`);
    const record: EndpointRecord = { ...endpoint.record, lease };
    try {
      this.#records.write(record, endpoint.recordedState);
    } catch (error) {
      throw toNetnsdError(error);
    }
    endpoint.record = record;
  }

  /**
   * The way out, which a full disk must not block: holds the new state even when it cannot be recorded. The older record
   * that then stands makes a restart at worst clean up once more.
   */
  moveAnyway(endpoint: Endpoint, state: EndpointState, change: Change = {}): void {
    try {
      this.move(endpoint, state, change);
    } catch {
      this.#hold(endpoint, this.#next(endpoint, state, change));
    }
  }

  /** Why a dirty endpoint is to go; its record says so with its next state. */
  explain(endpoint: Endpoint, reason: string): void {
    endpoint.record = { ...endpoint.record, reason };
  }

  /** After the failure of a write: what is not recorded as it is, and one record at least. */
  #catchUp(): void {
    const behind = [...this.#endpoints].filter((endpoint) => endpoint.recordedState !== endpoint.record.state);
    try {
      for (const endpoint of behind.length > 0 ? behind : [...this.#endpoints].slice(0, 1)) {
        this.#records.write(endpoint.record, endpoint.recordedState);
        this.#recorded(endpoint);
      }
      this.trouble.worked();
    } catch (error) {
      this.trouble.failed(error);
    }
  }

  /** Nothing of the endpoint exists any more: its index comes to rest if somebody has had it, and its record goes. */
  forget(endpoint: Endpoint): void {
    const { state } = endpoint.record;
    this.#check(endpoint, 'gone');
    const held = endpoint.record.tenant !== null;
    // Before the record is gone: a restart in between finds one or the other.
    if (endpoint.ownsIndex && held)
      this.#rests?.add(this.#pool, { index: endpoint.key.index, sinceMs: this.#clock.monotonicMs() });
    try {
      if (endpoint.recordedState !== null) this.#records.remove(endpoint.key, endpoint.recordedState);
      this.#unleased(endpoint);
    } catch (error) {
      this.#log.warn({ pool: this.#pool, endpoint: endpoint.key.id, error: oneLine(error) }, 'record not removed');
    }
    this.#endpoints.delete(endpoint);
    this.counts[state] -= 1;
    if (endpoint.ownsIndex) this.indexes.release(endpoint.key.index, { held });
  }

  #add(endpoint: Endpoint): Endpoint {
    this.#endpoints.add(endpoint);
    this.counts[endpoint.record.state] += 1;
    return endpoint;
  }

  #next(endpoint: Endpoint, state: EndpointState, change: Change): EndpointRecord {
    this.#check(endpoint, state);
    const { id, pool, index, seq } = endpoint.key;
    const facts = change.facts ?? endpoint.record.facts;
    const tenant = change.tenant ?? endpoint.record.tenant;
    return { id, pool, index, seq, state, facts, lease: change.lease ?? null, tenant, reason: change.reason ?? null };
  }

  #hold(endpoint: Endpoint, record: EndpointRecord): void {
    this.counts[endpoint.record.state] -= 1;
    this.counts[record.state] += 1;
    endpoint.record = record;
  }

  /** Its record is as it is held. */
  #recorded(endpoint: Endpoint): void {
    endpoint.recordedState = endpoint.record.state;
    if (endpoint.recordedState !== 'leased') this.#unleased(endpoint);
  }

  #unleased(endpoint: Endpoint): void {
    endpoint.onUnleased?.();
    endpoint.onUnleased = null;
  }

  #check(endpoint: Endpoint, next: EndpointState | 'gone'): void {
    if (this.#endpoints.has(endpoint) && NEXT_STATES[endpoint.record.state].includes(next)) return;
    throw new NetnsdError('internal', `endpoint ${endpoint.key.id} cannot go from ${endpoint.record.state} to ${next}`);
  }
}
