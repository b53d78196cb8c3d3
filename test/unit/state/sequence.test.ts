import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileSequence } from '../../../src/state/index.js';

t.test('no number is used twice, whenever the daemon was killed', async (t) => {
  const directory = t.testdir();
  const seen = new Set<number>();
  for (const count of [1, 1500, 0, 3]) {
    const sequence = new FileSequence(directory, { above: 0 });
    for (let i = 0; i < count; i += 1) seen.add(sequence.next());
  }
  t.equal(seen.size, 1504);
  t.ok(seen.has(1));
  t.same(fs.readdirSync(directory), ['sequence']);
});

t.test('without a valid file the numbers continue above those of the records', async (t) => {
  const directory = t.testdir({ elsewhere: '5000\n' });
  const path = join(directory, 'sequence');
  t.equal(new FileSequence(directory, { above: 41 }).next(), 42);
  fs.writeFileSync(path, '12x');
  t.equal(new FileSequence(directory, { above: 41 }).next(), 42);
  fs.rmSync(path);
  fs.symlinkSync('elsewhere', path);
  t.equal(new FileSequence(directory, { above: 41 }).next(), 42);
  t.equal(fs.readFileSync(join(directory, 'elsewhere'), 'utf8'), '5000\n');
  t.equal(new FileSequence(directory, { above: 9000 }).next(), 9001, 'records count even when the file is behind them');
});

t.test('a sequence that cannot be written returns no number', async (t) => {
  const sequence = new FileSequence(join(t.testdir(), 'absent'), { above: 0 });
  t.throws(() => sequence.next(), { code: 'state_write_failed', details: { errno: 'ENOENT' } });
});
