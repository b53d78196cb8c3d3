import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { EndpointRecord } from '../../../../src/pool/types.js';
import { writeDecisions } from '../../../../src/reconcile/start/write-decisions.js';
import { FileRecords, openStateDirectory } from '../../../../src/state/index.js';
import { factsOf } from '../../pool/fakes.js';

t.test('an endpoint that is to be replaced has one record, in dirty/, and none once it is destroyed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const state = openStateDirectory(join(folder, 'state'));
  const key = { id: 'default-1', pool: 'default', index: 0, seq: 1 };
  const ready = {
    ...key,
    state: 'ready',
    facts: factsOf(key),
    lease: null,
    tenant: null,
    reason: null,
  } as EndpointRecord;
  const kept = { ...ready, id: 'default-2', seq: 2, index: 1 };
  new FileRecords(state).write(ready, null);
  new FileRecords(state).write(kept, null);
  const records = new FileRecords(state);
  const found = records.load(({ problem }) => t.fail(problem));
  const adopted = found.map((one) =>
    one.id === kept.id ? one : { ...one, state: 'dirty' as const, reason: 'in use' },
  );
  writeDecisions({ records, found, adopted, failed: (_, error) => t.fail(error.message) });
  t.same(readdirSync(join(state, 'ready')), ['default-2.json']);
  t.same(readdirSync(join(state, 'dirty')), ['default-1.json']);
  records.remove(key, 'dirty');
  t.same(
    new FileRecords(state).load(() => undefined).map(({ id }) => id),
    ['default-2'],
  );
});

t.test('a record that cannot be written is reported, and the others are written', async (t) => {
  const key = { id: 'default-1', pool: 'default', index: 0, seq: 1 };
  const ready = {
    ...key,
    state: 'ready',
    facts: factsOf(key),
    lease: null,
    tenant: null,
    reason: null,
  } as EndpointRecord;
  const found = [ready, { ...ready, id: 'default-2', seq: 2 }];
  const written: string[] = [];
  const told: string[] = [];
  const write = ({ id }: EndpointRecord) => {
    if (id === 'default-1') throw new Error('no space left');
    written.push(id);
  };
  const adopted = found.map((one) => ({ ...one, state: 'dirty' as const }));
  writeDecisions({ records: { write }, found, adopted, failed: ({ id }) => void told.push(id) });
  t.same({ written, told }, { written: ['default-2'], told: ['default-1'] });
});
