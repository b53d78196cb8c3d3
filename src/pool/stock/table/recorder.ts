import { toNetnsdError } from '../../../errors.js';
import type { Endpoint } from '../../endpoint.js';
import type { Clock, PoolLog, Records } from '../../ports/index.js';
import { oneLine } from '../../ports/log.js';
import type { EndpointRecord } from '../../types.js';
import { RecordTrouble } from './record-trouble.js';

/** Told when a record says that the lease of this key has ended. */
export interface ReleaseListener {
  releaseRecorded(key: string): void;
}

interface RecorderOptions {
  readonly pool: string;
  readonly records: Records;
  readonly leases: ReleaseListener;
  readonly log: PoolLog;
  readonly clock: Clock;
  /** All endpoints of the pool. */
  readonly endpoints: ReadonlySet<Endpoint>;
}

/** Keeps the records on disk equal to those in memory; what could not be written is written as soon as that is possible. */
export class Recorder {
  /** Whether records can be written at the moment. */
  readonly trouble: RecordTrouble;
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    const { pool, log, clock } = options;
    this.#options = options;
    this.trouble = new RecordTrouble({ pool, log, clock, retry: () => this.#writeOutstanding() });
  }

  /** Writes the first record of an endpoint, before anything of it exists. Throws `state_write_failed`. */
  writeFirst(record: EndpointRecord): void {
    this.#write(record, null);
  }

  /** Writes a record that `endpoint` is to have. Throws `state_write_failed`; then the older one is still on disk. */
  write(endpoint: Endpoint, record: EndpointRecord): void {
    this.#write(record, endpoint.recordedState);
  }

  /** Writes other terms of a lease. A failure is the caller's: nothing else waits for it. Throws `state_write_failed`. */
  amend(endpoint: Endpoint, record: EndpointRecord): void {
    try {
      this.#options.records.write(record, endpoint.recordedState);
    } catch (error) {
      throw toNetnsdError(error);
    }
  }

  /** The record of `endpoint` is on disk. */
  recorded(endpoint: Endpoint): void {
    endpoint.recordedState = endpoint.record.state;
    if (endpoint.recordedState !== 'leased') this.#reportRelease(endpoint);
  }

  /** Removes the record of an endpoint that is gone; a failure is logged, and the next start removes it. */
  remove(endpoint: Endpoint): void {
    const { pool, records, log } = this.#options;
    try {
      if (endpoint.recordedState !== null) records.remove(endpoint.key, endpoint.recordedState);
      this.#reportRelease(endpoint);
    } catch (error) {
      log.warn({ pool, endpoint: endpoint.key.id, error: oneLine(error) }, 'failed to remove a record');
    }
  }

  #write(record: EndpointRecord, previous: Endpoint['recordedState']): void {
    try {
      this.#options.records.write(record, previous);
    } catch (error) {
      this.trouble.failed(error);
      throw toNetnsdError(error);
    }
    this.trouble.worked();
  }

  /** After a failed write: writes what is not on disk, and one record at least, to find out whether that is possible. */
  #writeOutstanding(): void {
    const all = [...this.#options.endpoints];
    const outstanding = all.filter((endpoint) => endpoint.recordedState !== endpoint.record.state);
    try {
      for (const endpoint of outstanding.length > 0 ? outstanding : all.slice(0, 1)) {
        this.#options.records.write(endpoint.record, endpoint.recordedState);
        this.recorded(endpoint);
      }
      this.trouble.worked();
    } catch (error) {
      this.trouble.failed(error);
    }
  }

  #reportRelease(endpoint: Endpoint): void {
    const { unrecordedRelease } = endpoint;
    endpoint.unrecordedRelease = null;
    if (unrecordedRelease !== null) this.#options.leases.releaseRecorded(unrecordedRelease);
  }
}
