import fs from 'node:fs';
import t from 'tap';
import { makeShelf, recordOf } from './stage.js';

t.test('a taker says whom it serves, and on what terms', async (t) => {
  const { reopen, take } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  const process = { pid: 7, startTicks: 99 };
  take('@0123456789abcdef', { spec: '', more: { tenant: 'blue', takenAtMs: 1234, ttlMs: 5000, process } });
  t.match(shelf.collect(), [
    {
      key: '@0123456789abcdef',
      containerId: null,
      tenant: 'blue',
      trust: 'unknown',
      takenAtMs: 1234,
      ttlMs: 5000,
      process,
      forContainer: false,
    },
  ]);
});

t.test('what was taken is told once, with what its taker wrote', async (t) => {
  const { reopen, take, entries, path } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1));
  take('web');
  const [news, ...others] = shelf.collect();
  t.match(news, {
    containerId: 'web',
    token,
    leaseId: '0123456789abcdef',
    trust: 'unprivileged',
    taker: { pid: 42, uid: process.getuid?.(), gid: process.getgid?.() },
    returned: false,
  });
  t.strictSame(others, []);
  t.strictSame(shelf.collect(), []);
  t.strictSame(entries(), ['web', 'web', '', '']);
  shelf.setRecorded(['web']);
  t.strictSame(entries(), ['web', '', 'web', '']);
  t.match(fs.readFileSync(path('holders', 'web'), 'utf8'), /^{.*}\n$/, 'the spec is not kept');
  shelf.end('web');
  t.strictSame(entries(), ['', '', '', '']);
});

for (const place of ['taken', 'standing'] as const) {
  t.test(`what is given back out of ${place}/ is told with the lease that it was`, async (t) => {
    const { reopen, take, entries, path } = makeShelf(t);
    const shelf = reopen();
    shelf.offer(recordOf(1));
    take('web');
    shelf.collect();
    if (place === 'standing') shelf.setRecorded(['web']);
    fs.renameSync(path(place, 'web'), path('returned', 'web'));
    t.match(shelf.collect(), [{ containerId: 'web', leaseId: '0123456789abcdef', returned: true }]);
    t.strictSame(shelf.collect(), []);
    shelf.end('web');
    t.strictSame(entries(), ['', '', '', '']);
  });
}

t.test('what was taken and given back at once is told once', async (t) => {
  const { reopen, take, path } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('web');
  fs.renameSync(path('taken', 'web'), path('returned', 'web'));
  t.match(shelf.collect(), [
    { containerId: 'web', leaseId: '0123456789abcdef', trust: 'unprivileged', returned: true },
  ]);
});

t.test('a taker whose word is missing or nonsense has a lease that is trusted with nothing', async (t) => {
  const { reopen, take, path } = makeShelf(t);
  const shelf = reopen();
  for (const [seq, text] of ['', 'no JSON', '{"lease":"../../etc","pid":"x"}\n', '[]\n', '\n'].entries()) {
    shelf.offer(recordOf(seq + 1));
    take(`c${seq}`);
    fs.writeFileSync(path('holders', `c${seq}`), text);
  }
  fs.rmSync(path('holders', 'c0'));
  const news = shelf.collect();
  t.equal(news.length, 5);
  for (const one of news) t.match(one, { leaseId: 'ffffffffffffffff', trust: 'unknown', taker: null });
});

t.test('what is no entry is passed over', async (t) => {
  const { reopen, path, failures } = makeShelf(t);
  const shelf = reopen();
  fs.writeFileSync(path('taken', 'file'), 'default-1.x 10.0.0.1/16 /run');
  fs.mkdirSync(path('taken', 'folder'));
  fs.symlinkSync('nonsense', path('returned', 'link'));
  t.strictSame(shelf.collect(), []);
  t.strictSame(failures, []);
});

t.test('a container with a lease of another kind is marked, unless no taker would look for its name', async (t) => {
  const { reopen, entries } = makeShelf(t);
  const shelf = reopen();
  for (const name of ['web', 'web@0a0b0c0d', '.hidden', 'x'.repeat(201), 'a/b']) shelf.mark(name);
  t.equal(entries()[0], 'web,web@0a0b0c0d');
  shelf.end('web');
  shelf.end('unknown');
  t.equal(entries()[0], 'web@0a0b0c0d');
});

t.test('a mark whose client is gone is removed, others stay', async (t) => {
  const { reopen, take, path, entries } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('taker');
  shelf.collect();
  shelf.mark('held');
  for (const name of ['old', 'new']) fs.writeFileSync(path('holders', name), '');
  fs.utimesSync(path('holders', 'old'), 1, 1);
  fs.utimesSync(path('holders', 'taker'), 1, 1);
  shelf.removeStaleMarks(1000);
  t.equal(entries()[0], 'held,new,taker');
});

t.test('what would not move or go is tried again with the next look', async (t) => {
  const { reopen, take, entries, path } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('web');
  shelf.collect();
  fs.renameSync(path('standing'), path('away'));
  fs.writeFileSync(path('standing'), '');
  shelf.setRecorded(['web']);
  fs.rmSync(path('standing'));
  fs.renameSync(path('away'), path('standing'));
  t.strictSame(entries(), ['web', 'web', '', '']);
  shelf.collect();
  t.strictSame(entries(), ['web', '', 'web', '']);
  fs.renameSync(path('holders'), path('away'));
  fs.writeFileSync(path('holders'), '');
  shelf.end('web');
  fs.rmSync(path('holders'));
  fs.renameSync(path('away'), path('holders'));
  t.strictSame(entries(), ['web', '', '', '']);
  shelf.collect();
  t.strictSame(entries(), ['', '', '', '']);
});

t.test('what cannot be read for the moment is told with the next look, as it is', async (t) => {
  const { reopen, take, failures } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('web');
  const { readFileSync } = fs;
  fs.readFileSync = (() => {
    throw Object.assign(new Error('no descriptor left'), { code: 'EMFILE' });
  }) as never;
  t.strictSame(shelf.collect(), []);
  fs.readFileSync = readFileSync;
  t.equal(failures.length, 1);
  t.match(shelf.collect(), [{ containerId: 'web', leaseId: '0123456789abcdef' }]);
});

t.test('the folders are read only if something appeared in them, or could not be read before', async (t) => {
  const { reopen, take, path, failures } = makeShelf(t);
  const answers: boolean[] = [];
  const shelf = reopen([], false, { appeared: () => answers.shift() ?? false });
  for (const seq of [1, 2]) shelf.offer(recordOf(seq));
  take('early');
  t.match(shelf.collect(), [{ containerId: 'early' }], 'the first time they are read in any case');
  t.ok(shelf.sawAll);
  take('late');
  t.strictSame(shelf.collect(), []);
  fs.renameSync(path('returned'), path('away'));
  answers.push(true);
  t.match(shelf.collect(), [{ containerId: 'late' }]);
  t.strictSame([failures.length, shelf.sawAll], [1, false]);
  fs.renameSync(path('taken', 'early'), path('away', 'early'));
  fs.renameSync(path('away'), path('returned'));
  t.match(shelf.collect(), [{ containerId: 'early', returned: true }], 'nothing is said to have appeared');
  t.ok(shelf.sawAll);
  t.strictSame(shelf.collect(), []);
});
