import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileRecords } from '../../../../src/state/index.js';
import type { RecordFs } from '../../../../src/state/records/records.js';
import { opened, recordOf } from '../stage.js';

t.test('a record stands in the folder of its state, readable by its owner only, and comes back whole', async (t) => {
  const { directory, warnings, load, files } = opened(t);
  const records = new FileRecords(directory);
  records.write(recordOf('building'), null);
  t.same(files(), ['building/default-1.json']);
  records.write(recordOf('leased'), 'building');
  t.same(files(), ['leased/default-1.json']);
  const path = join(directory, 'leased/default-1.json');
  t.equal(fs.statSync(path).mode & 0o777, 0o600);
  t.match(JSON.parse(fs.readFileSync(path, 'utf8')), { version: 1, revision: 2, id: 'default-1' });
  t.same(load(), [recordOf('leased')]);
  records.write(recordOf('leased'), 'leased');
  t.same(files(), ['leased/default-1.json'], 'rewritten in its place');
  records.remove(recordOf('leased'), 'leased');
  records.remove(recordOf('leased'), 'leased');
  t.same([files(), load(), warnings], [[], [], []]);
});

t.test('every state comes back from disk as it was written, oldest first', async (t) => {
  const { directory, load } = opened(t);
  const records = new FileRecords(directory);
  const states = ['ready', 'leased', 'dirty', 'broken', 'destroying', 'building'] as const;
  const written = states.map((state, i) => ({ ...recordOf(state, 20 - i), mac: `02:00:00:00:00:0${i}` }));
  for (const record of written) records.write(record, null);
  t.same(load(), written.reverse());
});

/** Real calls, of which all from the `k`-th on never happen: the process has died. */
function dyingAt(k: number): RecordFs {
  let calls = 0;
  const alive =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      calls += 1;
      if (calls > k) throw new Error('died');
      return call(...args);
    };
  return {
    openSync: alive(fs.openSync),
    writeSync: alive(fs.writeSync as (fd: number, text: string) => number),
    closeSync: alive(fs.closeSync),
    renameSync: alive(fs.renameSync),
    unlinkSync: alive(fs.unlinkSync),
  } as RecordFs;
}

t.test(
  'cut short before any of its calls, a change of state leaves exactly one record, the older or the newer',
  async (t) => {
    const seen: string[] = [];
    for (let k = 0; k <= 5; k += 1) {
      const { directory, warnings, load, files } = opened(t);
      const before = new FileRecords(directory);
      before.write(recordOf('ready'), null);
      const dying = new FileRecords(directory, { fs: dyingAt(k) });
      dying.load(() => undefined);
      try {
        dying.write(recordOf('leased'), 'ready');
      } catch {
        // It died.
      }
      const found = load();
      t.equal(found.length, 1, `after ${k} calls`);
      seen.push(found[0]?.state ?? 'none');
      t.same(found, [recordOf(k < 4 ? 'ready' : 'leased')]);
      t.same(warnings, [], 'a crash of netnsd itself is nothing to warn of');
      t.same(files(), [`${found[0]?.state}/default-1.json`], 'and nothing else remains');
    }
    t.same(seen, ['ready', 'ready', 'ready', 'ready', 'leased', 'leased']);
  },
);

t.test('cut short, the first record of an endpoint is whole or not there', async (t) => {
  for (let k = 0; k <= 4; k += 1) {
    const { directory, warnings, load } = opened(t);
    const dying = new FileRecords(directory, { fs: dyingAt(k) });
    try {
      dying.write(recordOf('building'), null);
    } catch {
      // It died.
    }
    t.same(load(), k < 4 ? [] : [recordOf('building')]);
    t.same(warnings, []);
  }
});

t.test('of two files of one endpoint the later written counts, also across restarts', async (t) => {
  const { directory, load, files } = opened(t);
  const first = new FileRecords(directory);
  for (let i = 0; i < 5; i += 1) first.write(recordOf('ready'), null);
  const restarted = new FileRecords(directory, { fs: unlinking({ fails: Number.POSITIVE_INFINITY }) });
  restarted.load(() => undefined);
  restarted.write(recordOf('destroying'), null);
  t.same(files(), ['destroying/default-1.json', 'ready/default-1.json']);
  t.same(load(), [recordOf('destroying')]);
  t.same(files(), ['destroying/default-1.json']);
});

/** Real calls, but the first so many unlinks are refused. */
function unlinking(options: { fails: number }): RecordFs {
  let left = options.fails;
  const unlinkSync = (path: string): void => {
    if (left-- > 0) throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' });
    fs.unlinkSync(path);
  };
  return { ...fs, unlinkSync: unlinkSync as RecordFs['unlinkSync'] };
}

t.test('a record that a restart took over in another state than it found leaves no file behind', async (t) => {
  for (const state of ['building', 'leased', 'broken'] as const) {
    const { directory, load, files } = opened(t);
    new FileRecords(directory).write(recordOf(state), null);
    const restarted = new FileRecords(directory);
    restarted.load(() => undefined);
    restarted.write(recordOf('destroying'), 'dirty');
    t.same(files(), ['destroying/default-1.json']);
    restarted.remove(recordOf('destroying'), 'destroying');
    t.same([files(), load()], [[], []]);
  }
});

t.test('an older file that would not go is removed with the next change of any record', async (t) => {
  const { directory, files } = opened(t);
  const records = new FileRecords(directory, { fs: unlinking({ fails: 3 }) });
  records.write(recordOf('leased'), null);
  records.write(recordOf('dirty'), 'leased');
  t.same(files(), ['dirty/default-1.json', 'leased/default-1.json']);
  t.throws(() => records.remove(recordOf('dirty'), 'dirty'), { code: 'state_write_failed' });
  records.write(recordOf('ready', 2), null);
  t.same(files(), ['ready/default-2.json']);
});

t.test('a file that would not go is not removed once it counts again', async (t) => {
  const { directory, files } = opened(t);
  const records = new FileRecords(directory, { fs: unlinking({ fails: 1 }) });
  records.write(recordOf('leased'), null);
  records.write(recordOf('ready'), 'leased');
  records.write(recordOf('leased'), 'ready');
  records.write(recordOf('ready', 2), null);
  t.same(files(), ['leased/default-1.json', 'ready/default-2.json']);
});

t.test('a write that fails leaves the older record and no litter, and says why', async (t) => {
  const { directory, load, files } = opened(t);
  new FileRecords(directory).write(recordOf('ready'), null);
  const short: RecordFs = { ...fs, writeSync: (() => 3) as RecordFs['writeSync'] };
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const full: RecordFs = {
    ...fs,
    renameSync: () => {
      throw noSpace;
    },
  };
  for (const [broken, pattern] of [
    [short, /only 3 of/],
    [full, /ENOSPC/],
  ] as const) {
    const records = new FileRecords(directory, { fs: broken });
    t.throws(() => records.write(recordOf('leased'), 'ready'), { code: 'state_write_failed', message: pattern });
    t.same(files(), ['ready/default-1.json']);
    t.same(load(), [recordOf('ready')]);
  }
  t.throws(() => new FileRecords(directory).write({ ...recordOf('ready'), id: '../x-1' }, null), { code: 'internal' });
});
