import { NetnsdError, toNetnsdError } from '../../../errors.js';
import { type Change, type Endpoint, endpointOf, firstRecord, nextRecord } from '../../endpoint.js';
import type { AddressCooldowns, Clock, Endpoints, Place, PoolLog, Records } from '../../ports/index.js';
import type { PoolSettings } from '../../settings.js';
import type { EndpointKey, EndpointRecord, EndpointState, LeaseTerms } from '../../types.js';
import { IndexAllocator } from './ipam.js';
import type { RecordTrouble } from './record-trouble.js';
import { Recorder, type ReleaseListener } from './recorder.js';
import { NEXT_STATES } from './states.js';

interface EndpointTableOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Pick<Endpoints, 'renewPath' | 'retractPath'>;
  readonly records: Records;
  readonly leases: ReleaseListener;
  readonly addressCooldowns?: AddressCooldowns | undefined;
  readonly nextSeq: () => number;
  readonly log: PoolLog;
  readonly clock: Clock;
}

/** Owns every endpoint of one pool: which exist, in what state and at which address; each change is recorded first. */
export class EndpointTable {
  readonly counts: Record<EndpointState, number> = {
    building: 0,
    ready: 0,
    leased: 0,
    dirty: 0,
    broken: 0,
    destroying: 0,
  };
  /** The addresses of the pool's endpoints. */
  readonly indexes: IndexAllocator;
  readonly #options: EndpointTableOptions;
  readonly #pool: string;
  readonly #endpoints = new Set<Endpoint>();
  readonly #recorder: Recorder;

  constructor(options: EndpointTableOptions) {
    const { clock, settings } = options;
    this.#options = options;
    this.#pool = settings.name;
    this.#recorder = new Recorder({ ...options, pool: settings.name, endpoints: this.#endpoints });
    const { capacity, addressCooldownSeconds } = settings;
    this.indexes = new IndexAllocator({ capacity, cooldownMs: addressCooldownSeconds * 1000, clock });
  }

  /** Whether records can be written at the moment. */
  get trouble(): RecordTrouble {
    return this.#recorder.trouble;
  }

  /** How many endpoints exist, in whatever state: what `max` bounds. */
  get size(): number {
    return this.#endpoints.size;
  }

  endpoints(): IterableIterator<Endpoint> {
    return this.#endpoints.values();
  }

  /** The endpoint that has exactly this record; undefined if the endpoint has changed since, or is gone. */
  endpointOf(record: EndpointRecord): Endpoint | undefined {
    for (const endpoint of this.#endpoints) if (endpoint.record === record) return endpoint;
    return undefined;
  }

  /** The endpoint with this key that has its address to itself. */
  find(isWanted: (key: EndpointKey) => boolean): Endpoint | undefined {
    for (const endpoint of this.#endpoints) if (endpoint.ownsIndex && isWanted(endpoint.key)) return endpoint;
    return undefined;
  }

  /** An endpoint that is about to be built: its record is on disk before anything of it exists. Throws `state_write_failed`. */
  reserve(place: Partial<Place> = {}): Endpoint {
    const index = this.indexes.acquire(place.index ?? null);
    try {
      const seq = this.#options.nextSeq();
      const mac = place.mac == null ? {} : { mac: place.mac };
      const key: EndpointKey = { id: `${this.#pool}-${seq}`, pool: this.#pool, index, seq, ...mac };
      const record = firstRecord(key);
      this.#recorder.writeFirst(record);
      return this.#add(endpointOf(record, { ownsIndex: true }));
    } catch (error) {
      this.indexes.release(index, { used: false });
      this.trouble.failed(error);
      throw toNetnsdError(error);
    }
  }

  /** Takes over an endpoint whose record a restart found; nothing is written. */
  adopt(record: EndpointRecord): Endpoint {
    const { id, pool, index } = record;
    const ownsIndex = this.indexes.claimable(index);
    if (ownsIndex) this.indexes.claim(index);
    else
      this.#options.log.warn(
        { pool, endpoint: id, index },
        'the address of an adopted endpoint is not free in its pool',
      );
    return this.#add(endpointOf(record, { ownsIndex }));
  }

  /** After every `adopt`: cooldowns that began before a restart go on. */
  resumeCooldowns(): void {
    this.indexes.resume(this.#options.addressCooldowns?.of(this.#pool) ?? []);
  }

  /**
   * Records the new state, then takes it on. Throws `state_write_failed`, and what `renewPath` throws; then the state has not
   * changed. A lease's path is its own: it ends with the lease, and the endpoint has another one when it is ready again.
   */
  move(endpoint: Endpoint, state: EndpointState, change: Change = {}): void {
    const record = this.#withOwnPath(endpoint, this.#next(endpoint, state, change));
    this.#recorder.write(endpoint, record);
    this.#replace(endpoint, record);
    this.#recorder.recorded(endpoint);
  }

  /** Records other terms of a lease. Throws `state_write_failed`; then nothing has changed. */
  amend(endpoint: Endpoint, lease: LeaseTerms): void {
    if (endpoint.record.state !== 'leased')
      throw new NetnsdError('internal', `endpoint ${endpoint.key.id} is not leased`);
    const record: EndpointRecord = { ...endpoint.record, lease };
    this.#recorder.amend(endpoint, record);
    endpoint.record = record;
  }

  /**
   * Takes on the new state even when it cannot be recorded: a full disk must not block a release or a destroy. With the
   * older record, a restart at worst cleans up once more.
   */
  moveAnyway(endpoint: Endpoint, state: EndpointState, change: Change = {}): void {
    try {
      this.move(endpoint, state, change);
    } catch {
      this.#replace(endpoint, this.#next(endpoint, state, change));
    }
  }

  /** Why a dirty endpoint is to be destroyed; its record says so with its next state. */
  explain(endpoint: Endpoint, reason: string): void {
    endpoint.record = { ...endpoint.record, reason };
  }

  /** An endpoint is gone: the cooldown of its address starts if it was leased, and its record is removed. */
  forget(endpoint: Endpoint): void {
    const { state } = endpoint.record;
    this.#check(endpoint, 'gone');
    const { index } = endpoint.key;
    const used = endpoint.record.tenant !== null;
    // Before the record is removed: a restart in between finds one or the other.
    if (endpoint.ownsIndex && used)
      this.#options.addressCooldowns?.add(this.#pool, { index, sinceMs: this.#options.clock.monotonicMs() });
    this.#recorder.remove(endpoint);
    this.#endpoints.delete(endpoint);
    this.counts[state] -= 1;
    if (endpoint.ownsIndex) this.indexes.release(index, { used });
  }

  #add(endpoint: Endpoint): Endpoint {
    this.#endpoints.add(endpoint);
    this.counts[endpoint.record.state] += 1;
    return endpoint;
  }

  #next(endpoint: Endpoint, state: EndpointState, change: Change): EndpointRecord {
    this.#check(endpoint, state);
    return nextRecord(endpoint, state, change);
  }

  #withOwnPath({ key, record: { state, facts } }: Endpoint, next: EndpointRecord): EndpointRecord {
    if (next.state !== 'ready' || state === 'building' || facts === null) return next;
    const path = this.#options.endpoints.renewPath(key);
    return { ...next, facts: { ...facts, netns: { ...facts.netns, path } } };
  }

  #replace(endpoint: Endpoint, record: EndpointRecord): void {
    if (endpoint.record.state === 'leased' && record.state === 'dirty')
      this.#options.endpoints.retractPath(endpoint.key);
    this.counts[endpoint.record.state] -= 1;
    this.counts[record.state] += 1;
    endpoint.record = record;
  }

  #check(endpoint: Endpoint, next: EndpointState | 'gone'): void {
    if (this.#endpoints.has(endpoint) && NEXT_STATES[endpoint.record.state].includes(next)) return;
    throw new NetnsdError('internal', `endpoint ${endpoint.key.id} cannot go from ${endpoint.record.state} to ${next}`);
  }
}
