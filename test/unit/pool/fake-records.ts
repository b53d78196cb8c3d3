import { NetnsdError } from '../../../src/errors.js';
import type { EndpointKey, EndpointRecord, EndpointState, Records } from '../../../src/pool/index.js';

/** Records in memory; reports as faults what a real disk would not do. */
export class FakeRecords implements Records {
  full = false;
  readonly onDisk = new Map<string, EndpointRecord>();
  readonly faults: string[] = [];
  readonly history: string[] = [];

  write(record: EndpointRecord, previous: EndpointState | null): void {
    if (this.full) throw new NetnsdError('state_write_failed', 'no space left');
    const actual = this.onDisk.get(record.id)?.state ?? null;
    if (actual !== previous) this.faults.push(`${record.id}: written from ${previous}, was in ${actual}`);
    this.onDisk.set(record.id, record);
    this.history.push(`${record.id} ${record.state}`);
  }

  remove(key: EndpointKey, state: EndpointState): void {
    const actual = this.onDisk.get(key.id)?.state;
    if (actual !== state) this.faults.push(`${key.id}: removed from ${state}, was in ${actual}`);
    this.onDisk.delete(key.id);
    this.history.push(`${key.id} gone`);
  }

  count(state: EndpointState): number {
    return [...this.onDisk.values()].filter((record) => record.state === state).length;
  }
}
