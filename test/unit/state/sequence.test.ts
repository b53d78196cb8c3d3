import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileSequence } from '../../../src/state/index.js';

const EMPTY = { aboveRecords: 0, aboveObjects: 0, largest: 36 ** 8 - 1, used: () => new Set<number>() };

t.test('no number is used twice, whenever the daemon was killed', async (t) => {
  const directory = t.testdir();
  const seen = new Set<number>();
  for (const count of [1, 1500, 0, 3]) {
    const sequence = new FileSequence(directory, EMPTY);
    for (let i = 0; i < count; i += 1) seen.add(sequence.next());
  }
  t.equal(seen.size, 1504);
  t.ok(seen.has(1));
  t.same(fs.readdirSync(directory), ['sequence']);
});

t.test('without a valid file the numbers continue above those of the records', async (t) => {
  const directory = t.testdir({ elsewhere: '5000\n' });
  const path = join(directory, 'sequence');
  t.equal(new FileSequence(directory, { ...EMPTY, aboveRecords: 41 }).next(), 42);
  fs.writeFileSync(path, '12x');
  t.equal(new FileSequence(directory, { ...EMPTY, aboveRecords: 41 }).next(), 42);
  fs.rmSync(path);
  fs.symlinkSync('elsewhere', path);
  t.equal(new FileSequence(directory, { ...EMPTY, aboveRecords: 41 }).next(), 42);
  t.equal(fs.readFileSync(join(directory, 'elsewhere'), 'utf8'), '5000\n');
  t.equal(
    new FileSequence(directory, { ...EMPTY, aboveRecords: 9000 }).next(),
    9001,
    'records count even when the file is behind them',
  );
});

t.test('a sequence that cannot be written returns no number', async (t) => {
  const sequence = new FileSequence(join(t.testdir(), 'absent'), EMPTY);
  t.throws(() => sequence.next(), { code: 'state_write_failed', details: { errno: 'ENOENT' } });
});

t.test('a stray with a huge number does not move the sequence, and its end is no end', async (t) => {
  const directory = t.testdir();
  const options = { ...EMPTY, aboveObjects: 1e9, largest: 1e9 + 1, used: () => new Set([1, 3]) };
  const lost = new FileSequence(directory, options);
  t.same(
    [1, 2, 3].map(() => lost.next()),
    [1e9 + 1, 2, 4],
    'it begins anew, without those in use',
  );
  t.equal(new FileSequence(directory, options).next(), 1025, 'the file counts, and not what was found');
  fs.writeFileSync(join(directory, 'sequence'), '100000000000017\n');
  t.equal(new FileSequence(directory, options).next(), 2, 'also after a file of an earlier version with such a number');
});
