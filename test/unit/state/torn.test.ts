import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { EndpointRecord } from '../../../src/pool/types.js';
import { FileRecords, openStateDirectory, type RecordWarning } from '../../../src/state/index.js';
import { factsOf } from '../pool/fakes.js';

function recordOf(seq: number, leased: boolean): EndpointRecord {
  const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
  const terms = {
    id: `${seq}`.padStart(16, '0'),
    containerId: `container ${seq} "ä"`,
    tenant: 'default',
    source: 'warm' as const,
    acquiredAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    trust: 'unknown' as const,
  };
  return {
    ...key,
    tenant: leased ? 'default' : null,
    state: leased ? 'leased' : 'ready',
    facts: factsOf(key),
    lease: leased ? terms : null,
    reason: null,
  };
}

function load(directory: string): { records: EndpointRecord[]; warnings: RecordWarning[] } {
  const warnings: RecordWarning[] = [];
  return { records: new FileRecords(directory).load((warning) => warnings.push(warning)), warnings };
}

const SEQS = [1, 2, 3];

/** Records of three leases. */
function leased(directory: string): void {
  const records = new FileRecords(directory);
  for (const seq of SEQS) records.write(recordOf(seq, true), null);
}

t.test('a record torn at any byte is set aside, with a warning, and nothing else is', async (t) => {
  const directory = openStateDirectory(join(t.testdir(), 'state'));
  new FileRecords(directory).write(recordOf(1, false), null);
  new FileRecords(directory).write(recordOf(2, true), null);
  const path = join(directory, 'leased', 'default-2.json');
  const whole = fs.readFileSync(path);
  const wrong: number[] = [];
  // The last byte is the end of the line, which no reader needs.
  for (let length = 0; length < whole.length - 1; length += 1) {
    fs.writeFileSync(path, whole.subarray(0, length), { mode: 0o600 });
    const { records, warnings } = load(directory);
    const isAside = warnings.length === 1 && warnings[0]?.movedTo?.includes('/set-aside/leased-default-2.json');
    if (records.length !== 1 || records[0]?.id !== 'default-1' || !isAside) wrong.push(length);
    fs.rmSync(join(directory, 'set-aside'), { recursive: true });
    fs.mkdirSync(join(directory, 'set-aside'), { mode: 0o700 });
  }
  t.same(wrong, []);
});

/** Has one call of node:fs fail with `code`, while `act` runs, where its first argument is a path that ends so. */
function failing(failure: { call: 'openSync' | 'lstatSync'; end: string; code: string }, act: () => void) {
  const { call, end, code } = failure;
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const real = table[call] as (...args: unknown[]) => unknown;
  table[call] = (...args) => {
    if (String(args[0]).endsWith(end)) throw Object.assign(new Error(`${code}: ${call}`), { code });
    return real(...args);
  };
  try {
    act();
  } finally {
    table[call] = real;
  }
}

t.test('what cannot be read for lack of resources is no reason to give a lease up', async (t) => {
  const directory = openStateDirectory(join(t.testdir(), 'state'));
  leased(directory);
  const wanted = SEQS.map((seq) => recordOf(seq, true));
  for (const [call, end, code] of [
    ['openSync', 'default-1.json', 'EMFILE'],
    ['lstatSync', 'default-2.json', 'ENOMEM'],
    ['openSync', 'default-3.json', 'EINTR'],
  ] as const) {
    const refused = { code: 'state_unusable', details: { errno: code } };
    failing({ call, end, code }, () => t.throws(() => load(directory), refused));
    t.same(fs.readdirSync(join(directory, 'set-aside')), [], 'nothing is set aside');
  }
  const { records, warnings } = load(directory);
  t.same(records, wanted, 'and the next start has them all');
  t.same(warnings, []);
});

t.test(
  'bytes changed, cut out or put in anywhere are survived: what is loaded is a record of its own folder and name',
  async (t) => {
    const directory = openStateDirectory(join(t.testdir(), 'state'));
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      cut: fc.nat(8),
      put: fc.uint8Array({ maxLength: 8 }),
    });
    const spoil = (bytes: Buffer, changes: readonly { at: number; cut: number; put: Uint8Array }[]): Buffer => {
      let spoilt = bytes;
      for (const { at, cut, put } of changes) {
        const from = Math.floor(at * spoilt.length);
        spoilt = Buffer.concat([spoilt.subarray(0, from), put, spoilt.subarray(from + cut)]);
      }
      return spoilt;
    };
    leased(directory);
    const path = join(directory, 'leased', 'default-1.json');
    const record = fs.readFileSync(path);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        fs.writeFileSync(path, spoil(record, changes), { mode: 0o600 });
        const { records } = load(directory);
        for (const { id, pool, seq, state, facts, lease } of records) {
          if (id !== `${pool}-${seq}` || !fs.existsSync(join(directory, state, `${id}.json`))) return false;
          if ((state === 'leased') !== (lease !== null) || (state === 'leased' && facts === null)) return false;
        }
        return new Set(records.map(({ id }) => id)).size === records.length;
      }),
      { numRuns: 300 },
    );
  },
);
