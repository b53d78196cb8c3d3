import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Clock } from '../clock.js';
import { oneLine, type PoolLog } from '../log.js';
import type {
  EndpointFacts,
  EndpointKey,
  EndpointRecord,
  EndpointState,
  LeaseTerms,
  PoolSettings,
  Records,
  Rests,
} from '../types.js';
import { IndexAllocator } from './ipam.js';
import { RecordTrouble } from './record-trouble.js';
import { NEXT_STATES } from './states.js';

/** One endpoint of the pool that exists, from its first intent to its last trace. */
export interface Slot {
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
  handouts: number;
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
  readonly #rests: Rests | undefined;
  readonly #clock: Clock;
  /** The addresses of the pool's endpoints. */
  readonly indexes: IndexAllocator;
  readonly #slots = new Set<Slot>();

  constructor(options: {
    settings: PoolSettings;
    records: Records;
    rests?: Rests | undefined;
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
    const { capacity, addressRestSeconds } = settings;
    this.indexes = new IndexAllocator({ capacity, restMs: addressRestSeconds * 1000, clock });
  }

  /** How many endpoints exist, in whatever state: what `max` bounds. */
  get size(): number {
    return this.#slots.size;
  }

  slots(): IterableIterator<Slot> {
    return this.#slots.values();
  }

  /** The endpoint that a record speaks of, if nothing has changed about it since the record was made. */
  slotOf(record: EndpointRecord): Slot | undefined {
    for (const slot of this.#slots) if (slot.record === record) return slot;
    return undefined;
  }

  /** The intent to build an endpoint: its key, on disk before anything of it exists. Throws `state_write_failed`. */
  reserve(): Slot {
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
        handouts: 0,
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
  adopt(record: EndpointRecord): Slot {
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
      handouts: 0,
      offer: null,
      onUnleased: null,
    });
  }

  /** After every `adopt`: addresses that came to rest before a restart go on resting. */
  resumeRests(): void {
    this.indexes.resume(this.#rests?.of(this.#pool) ?? []);
  }

  /** Records the new state, then holds it. Throws `state_write_failed`; then nothing has changed. */
  move(slot: Slot, state: EndpointState, change: Change = {}): void {
    const record = this.#next(slot, state, change);
    try {
      if (state === 'leased') this.#records.writeSoon(record, slot.recordedState);
      else this.#records.write(record, slot.recordedState);
    } catch (error) {
      this.trouble.failed(error);
      throw toNetnsdError(error);
    }
    if (state !== 'leased') this.trouble.worked();
    this.#hold(slot, record);
    this.#recorded(slot);
  }

  /** Records other terms of a lease that stands, at once. Throws `state_write_failed`; then nothing has changed. */
  amend(slot: Slot, lease: LeaseTerms): void {
    if (slot.record.state !== 'leased') throw new NetnsdError('internal', `endpoint ${slot.key.id} is not leased`);
    const record: EndpointRecord = { ...slot.record, lease };
    try {
      this.#records.write(record, slot.recordedState);
    } catch (error) {
      throw toNetnsdError(error);
    }
    slot.record = record;
  }

  /**
   * The way out, which a full disk must not block: holds the new state even when it cannot be recorded. The older record
   * that then stands makes a restart at worst clean up once more.
   */
  moveAnyway(slot: Slot, state: EndpointState, change: Change = {}): void {
    try {
      this.move(slot, state, change);
    } catch {
      this.#hold(slot, this.#next(slot, state, change));
    }
  }

  /** Why a dirty endpoint is to go; its record says so with its next state. */
  explain(slot: Slot, reason: string): void {
    slot.record = { ...slot.record, reason };
  }

  /** A lease whose record was not committed never was: what stands on disk is the record of before, of a ready endpoint. */
  revertToReady(slot: Slot): void {
    this.#hold(slot, this.#next(slot, 'ready', {}));
    this.#recorded(slot);
  }

  /** After the failure of a write: what is not recorded as it is, and one record at least. */
  #catchUp(): void {
    const behind = [...this.#slots].filter((slot) => slot.recordedState !== slot.record.state);
    try {
      for (const slot of behind.length > 0 ? behind : [...this.#slots].slice(0, 1)) {
        this.#records.write(slot.record, slot.recordedState);
        this.#recorded(slot);
      }
      this.trouble.worked();
    } catch (error) {
      this.trouble.failed(error);
    }
  }

  /** Nothing of the endpoint exists any more: its index comes to rest if somebody has had it, and its record goes. */
  forget(slot: Slot): void {
    const { state } = slot.record;
    this.#check(slot, 'gone');
    const held = slot.record.tenant !== null;
    // Before the record is gone: a restart in between finds one or the other.
    if (slot.ownsIndex && held)
      this.#rests?.add(this.#pool, { index: slot.key.index, sinceMs: this.#clock.monotonicMs() });
    try {
      if (slot.recordedState !== null) this.#records.remove(slot.key, slot.recordedState);
      this.#unleased(slot);
    } catch (error) {
      this.#log.warn({ pool: this.#pool, endpoint: slot.key.id, error: oneLine(error) }, 'record not removed');
    }
    this.#slots.delete(slot);
    this.counts[state] -= 1;
    if (slot.ownsIndex) this.indexes.release(slot.key.index, { held });
  }

  #add(slot: Slot): Slot {
    this.#slots.add(slot);
    this.counts[slot.record.state] += 1;
    return slot;
  }

  #next(slot: Slot, state: EndpointState, change: Change): EndpointRecord {
    this.#check(slot, state);
    const { id, pool, index, seq } = slot.key;
    const facts = change.facts ?? slot.record.facts;
    const tenant = change.tenant ?? slot.record.tenant;
    return { id, pool, index, seq, state, facts, lease: change.lease ?? null, tenant, reason: change.reason ?? null };
  }

  #hold(slot: Slot, record: EndpointRecord): void {
    this.counts[slot.record.state] -= 1;
    this.counts[record.state] += 1;
    slot.record = record;
  }

  /** Its record is as it is held. */
  #recorded(slot: Slot): void {
    slot.recordedState = slot.record.state;
    if (slot.recordedState !== 'leased') this.#unleased(slot);
  }

  #unleased(slot: Slot): void {
    slot.onUnleased?.();
    slot.onUnleased = null;
  }

  #check(slot: Slot, next: EndpointState | 'gone'): void {
    if (this.#slots.has(slot) && NEXT_STATES[slot.record.state].includes(next)) return;
    throw new NetnsdError('internal', `endpoint ${slot.key.id} cannot go from ${slot.record.state} to ${next}`);
  }
}
