import fs from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FileShelf, recoverShelf, ShelfFolder } from '../../../src/shelf/index.js';
import { factsOf } from '../pool/fakes.js';

function recordOf(seq: number, change: object = {}) {
  const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
  return { ...key, state: 'ready' as const, facts: factsOf(key), lease: null, tenant: null, reason: null, ...change };
}

function leasedOf(seq: number, containerId: string) {
  const terms = { id: '00000000000000aa', containerId, tenant: 'default', trust: 'unknown', source: 'warm' } as const;
  const lease = { ...terms, acquiredAt: new Date(0).toISOString(), expiresAt: null };
  return recordOf(seq, { state: 'leased', lease });
}

/** A state directory with a shelf, what it tells, and a hand that does what netnsd-runc does. */
function makeShelf(t: Test) {
  const directory = t.testdir();
  const folder = new ShelfFolder(directory);
  const path = (...names: string[]) => join(directory, 'shelf', ...names);
  const failures: string[] = [];
  const options = {
    folder,
    trustOf: (text: string) => (text === 'good' ? ('unprivileged' as const) : ('privileged' as const)),
    newLeaseId: () => 'ffffffffffffffff',
  };
  const written: [string, string][] = [];
  const removed: [string, string][] = [];
  const unrecorded = new Set<string>();
  const recover = (records: ReturnType<typeof recordOf>[] = [], full = false, remove = true) =>
    recoverShelf({
      ...options,
      unrecorded,
      records: records as never,
      write: ({ id, state }) => {
        if (full) throw new Error('no space');
        written.push([id, state]);
      },
      remove: ({ id, state }) => {
        if (!remove) throw new Error('nothing can be removed');
        removed.push([id, state]);
      },
      failed: () => failures.push('record'),
    });
  const reopen = (
    records: ReturnType<typeof recordOf>[] = [],
    mountDns = false,
    more: { appeared?: () => boolean } = {},
  ) => {
    const { standing, offers } = recover(records);
    folder.make(['default']);
    const failed = (_error: unknown, what: string) => failures.push(what);
    return new FileShelf({ ...options, mountDns: () => mountDns, failed, standing, offers, ...more });
  };
  const take = (key: string, { token = offers()[0] as string, spec = 'good', more = {} } = {}) => {
    const line = { lease: '0123456789abcdef', pid: 42, tenant: 'default', ...more };
    fs.writeFileSync(path('holders', key), `${JSON.stringify(line)}\n${spec}`);
    fs.renameSync(path('offers', 'default', 'unused', token), path('taken', key));
  };
  const offers = () => fs.readdirSync(path('offers', 'default', 'unused'));
  const entries = () => ['holders', 'taken', 'standing', 'returned'].map((name) => fs.readdirSync(path(name)).join());
  return { path, failures, written, removed, recover, reopen, take, offers, entries, folder };
}

t.test('an offer says what it is of, and no token comes twice', async (t) => {
  const { reopen, path, offers } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1)) as string;
  t.match(token, /^default-1\./);
  const text = JSON.parse(fs.readlinkSync(path('offers', 'default', 'unused', token)));
  t.strictSame(text, { token, pool: 'default', ...recordOf(1).facts });
  t.equal(shelf.withdraw(token), true);
  t.equal(shelf.withdraw(token), false, 'it is gone');
  t.not(shelf.offer(recordOf(1)), token);
  t.equal(offers().length, 1);
});

t.test('what served a tenant lies in a folder of that tenant, which goes when it is empty', async (t) => {
  const { reopen, path } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1, { tenant: 'a:b' })) as string;
  t.strictSame(fs.readdirSync(path('offers', 'default', 'used', 'a:b')), [token]);
  shelf.sweep(1000);
  t.ok(shelf.lies(token));
  t.equal(shelf.withdraw(token), true);
  shelf.sweep(1000);
  t.strictSame(fs.readdirSync(path('offers', 'default', 'used')), []);
});

t.test('an endpoint of which a link cannot say everything is not laid out', async (t) => {
  const { reopen, offers, failures } = makeShelf(t);
  const shelf = reopen();
  const record = recordOf(1);
  const routes = Array.from({ length: 100 }, () => ({ destination: '10.0.0.0/16', gateway: '10.0.0.1' }));
  t.equal(shelf.offer({ ...record, facts: { ...record.facts, routes } }), null);
  t.strictSame([offers(), failures], [[], []]);
});

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
  shelf.settle(['web']);
  t.strictSame(entries(), ['web', '', 'web', '']);
  t.match(fs.readFileSync(path('holders', 'web'), 'utf8'), /^{.*}\n$/, 'the spec is not kept');
  shelf.letGo('web');
  t.strictSame(entries(), ['', '', '', '']);
});

for (const place of ['taken', 'standing'] as const) {
  t.test(`what is given back out of ${place}/ is told with the lease that it was`, async (t) => {
    const { reopen, take, entries, path } = makeShelf(t);
    const shelf = reopen();
    shelf.offer(recordOf(1));
    take('web');
    shelf.collect();
    if (place === 'standing') shelf.settle(['web']);
    fs.renameSync(path(place, 'web'), path('returned', 'web'));
    t.match(shelf.collect(), [{ containerId: 'web', leaseId: '0123456789abcdef', returned: true }]);
    t.strictSame(shelf.collect(), []);
    shelf.letGo('web');
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
  for (const name of ['web', 'web@0a0b0c0d', '.hidden', 'x'.repeat(201), 'a/b']) shelf.hold(name);
  t.equal(entries()[0], 'web,web@0a0b0c0d');
  shelf.letGo('web');
  shelf.letGo('unknown');
  t.equal(entries()[0], 'web@0a0b0c0d');
});

t.test('a mark whose client is gone is removed, others stay', async (t) => {
  const { reopen, take, path, entries } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('taker');
  shelf.collect();
  shelf.hold('held');
  for (const name of ['old', 'new']) fs.writeFileSync(path('holders', name), '');
  fs.utimesSync(path('holders', 'old'), 1, 1);
  fs.utimesSync(path('holders', 'taker'), 1, 1);
  shelf.sweep(1000);
  t.equal(entries()[0], 'held,new,taker');
});

t.test('where the folder is gone nothing is offered, and nothing throws', async (t) => {
  const { reopen, path, failures } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1)) as string;
  fs.rmSync(path(), { recursive: true });
  t.equal(shelf.offer(recordOf(2)), null);
  t.equal(shelf.withdraw(token), false, 'what cannot be looked at counts as taken');
  t.strictSame(shelf.collect(), []);
  shelf.hold('web');
  shelf.settle(['web']);
  shelf.letGo('web');
  shelf.sweep(0);
  t.not(failures.length, 0);
});

t.test('a start goes on with what lies there, and enters what was taken and given back meanwhile', async (t) => {
  const { reopen, recover, take, path, written, entries } = makeShelf(t);
  const shelf = reopen();
  for (const seq of [1, 2, 3]) shelf.offer(recordOf(seq));
  const token = (seq: number) =>
    fs.readdirSync(path('offers', 'default', 'unused')).find((name) => name.startsWith(`default-${seq}.`)) as string;
  take('one', { token: token(1) });
  take('two', { token: token(2) });
  fs.renameSync(path('taken', 'two'), path('returned', 'two'));
  fs.writeFileSync(path('holders', 'taking'), '');
  fs.symlinkSync('lease', path('holders', 'past'));
  const left = token(3);
  fs.symlinkSync('{"token":"default-9.1"}', path('offers', 'default', 'unused', 'default-9.1'));
  const { records, standing, offers } = recover([recordOf(1), recordOf(2), recordOf(3)]);
  t.match(records, [
    {
      state: 'leased',
      lease: { id: '0123456789abcdef', containerId: 'one', trust: 'unprivileged', container: 'awaited' },
    },
    { state: 'dirty', lease: null, tenant: 'default' },
    { state: 'ready' },
  ]);
  t.strictSame(written, [
    ['default-1', 'leased'],
    ['default-2', 'dirty'],
  ]);
  t.strictSame([...standing.keys()], ['one']);
  t.strictSame([...offers], [['default-3', { token: left, path: join('offers', 'default', 'unused', left) }]]);
  t.strictSame(fs.readdirSync(path('offers', 'default', 'unused')), [left], 'no record speaks of the other one');
  t.strictSame(entries(), ['one,taking', '', 'one', ''], 'a client that is about to take goes on');
  const next = reopen([leasedOf(1, 'one'), recordOf(3)]);
  t.equal(next.adopt(recordOf(3)), left);
  t.equal(next.adopt(recordOf(3)), null);
  t.ok(next.lies(left));
  t.equal(next.withdraw(left), true);
});

t.test('an offer that says what is true no more is withdrawn at a start, unless a client was faster', async (t) => {
  const { reopen, take, offers } = makeShelf(t);
  const shelf = reopen();
  const [one, two, three] = [1, 2, 3].map((seq) => shelf.offer(recordOf(seq)) as string);
  const records = [recordOf(1), recordOf(2), recordOf(3, { facts: { ...recordOf(3).facts, addresses: [] } })];
  const next = reopen(records);
  t.strictSame(
    records.map((record) => next.adopt(record)),
    [one, two, null],
    'its record differs',
  );
  t.notOk(offers().includes(three as string));
  const last = reopen(records, true);
  take('client', { token: one as string });
  t.strictSame(
    records.map((record) => last.adopt(record)),
    [one, null, null],
    'its pool has mount_dns now',
  );
  t.match(last.collect(), [{ key: 'client', token: one }]);
});

t.test('a start goes on with leases that stood, and forgets entries that have had their day', async (t) => {
  const { reopen, recover, path, entries } = makeShelf(t);
  reopen();
  for (const [place, key, seq] of [
    ['standing', 'stands', 1],
    ['standing', 'ended', 2],
    ['taken', 'entered', 3],
    ['taken', 'stale', 9],
    ['returned', 'given', 4],
    ['returned', 'past', 5],
  ] as const)
    fs.symlinkSync(`{"token":"default-${seq}.x"}`, path(place, key));
  const { records } = recover([
    leasedOf(1, 'stands'),
    recordOf(2, { state: 'dirty' }),
    leasedOf(3, 'entered'),
    leasedOf(4, 'given'),
    leasedOf(5, 'another-container'),
  ]);
  t.strictSame(
    records.map(({ state }) => state),
    ['leased', 'dirty', 'leased', 'dirty', 'leased'],
  );
  t.strictSame(entries(), ['', '', 'entered,stands', '']);
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

t.test('what a start cannot write down stays taken, for the next one', async (t) => {
  const { reopen, recover, take, entries, failures, folder, path } = makeShelf(t);
  reopen().offer(recordOf(1));
  take('web');
  const { records, standing } = recover([recordOf(1)], true);
  t.match(records, [{ state: 'leased' }]);
  t.strictSame(entries(), ['web', 'web', '', '']);
  t.strictSame(failures, ['record']);
  recover(records as never);
  t.strictSame(entries(), ['web', 'web', '', ''], 'also where the same start reads the shelf again');
  const options = { folder, trustOf: () => 'unknown' as const, newLeaseId: () => '', failed: () => {} };
  const shelf = new FileShelf({ ...options, standing });
  t.strictSame(shelf.collect(), [], 'and is not taken for given back by the daemon that runs then');
  fs.renameSync(path('taken', 'web'), path('returned', 'web'));
  t.match(shelf.collect(), [{ containerId: 'web', returned: true }]);
});

t.test('of what was given back, and cannot be written down, no record stays that calls it ready', async (t) => {
  const { reopen, recover, take, path, entries, removed, failures } = makeShelf(t);
  reopen().offer(recordOf(1));
  take('web');
  fs.renameSync(path('taken', 'web'), path('returned', 'web'));
  t.throws(() => recover([recordOf(1), recordOf(2)], true, false), 'a start that can do neither ends');
  t.strictSame(entries(), ['web', '', '', 'web'], 'and the entry speaks to the next one');
  const { records, standing } = recover([recordOf(1), recordOf(2)], true);
  t.match(records, [{ id: 'default-2' }], 'its endpoint is without a record, and destroyed as such');
  t.strictSame(removed, [['default-1', 'ready']]);
  t.equal(standing.size, 0);
  t.strictSame(entries(), ['', '', '', '']);
  t.strictSame(failures, ['record', 'record']);
});

t.test('a lease that outlived a restart is given back as before', async (t) => {
  const { reopen, take, path } = makeShelf(t);
  reopen().offer(recordOf(1));
  take('web');
  const shelf = reopen([recordOf(1)]);
  fs.renameSync(path('standing', 'web'), path('returned', 'web'));
  t.match(shelf.collect(), [{ containerId: 'web', leaseId: '0123456789abcdef', returned: true }]);
});

t.test('what would not move or go is tried again with the next look', async (t) => {
  const { reopen, take, entries, path } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  take('web');
  shelf.collect();
  fs.renameSync(path('standing'), path('away'));
  fs.writeFileSync(path('standing'), '');
  shelf.settle(['web']);
  fs.rmSync(path('standing'));
  fs.renameSync(path('away'), path('standing'));
  t.strictSame(entries(), ['web', 'web', '', '']);
  shelf.collect();
  t.strictSame(entries(), ['web', '', 'web', '']);
  fs.renameSync(path('holders'), path('away'));
  fs.writeFileSync(path('holders'), '');
  shelf.letGo('web');
  fs.rmSync(path('holders'));
  fs.renameSync(path('away'), path('holders'));
  t.strictSame(entries(), ['web', '', '', '']);
  shelf.collect();
  t.strictSame(entries(), ['', '', '', '']);
});

t.test('a start that cannot read what was taken says so, and takes nothing away', async (t) => {
  const { reopen, recover, take, path, entries } = makeShelf(t);
  reopen().offer(recordOf(1));
  take('web');
  const readFileSync = fs.readFileSync;
  t.teardown(() => {
    fs.readFileSync = readFileSync;
  });
  fs.readFileSync = (() => {
    throw Object.assign(new Error('no descriptor left'), { code: 'EMFILE' });
  }) as never;
  t.throws(() => recover([recordOf(1)]), { code: 'state_unusable', message: path() });
  fs.readFileSync = readFileSync;
  t.strictSame(entries(), ['web', 'web', '', '']);
  t.match(recover([recordOf(1)]).records, [{ state: 'leased', lease: { id: '0123456789abcdef' } }]);
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

t.test('whether an offer lies there, and whether all was seen, is told; what cannot be told is no loss', async (t) => {
  const { reopen, path } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1)) as string;
  shelf.collect();
  t.strictSame([shelf.lies(token), shelf.lies('default-1.0'), shelf.sawAll], [true, false, true]);
  fs.renameSync(path('taken'), path('away'));
  shelf.collect();
  t.equal(shelf.sawAll, false);
  fs.renameSync(path('away'), path('taken'));
  shelf.collect();
  t.equal(shelf.sawAll, true);
  fs.renameSync(path('offers', 'default'), path('offers', 'away'));
  fs.writeFileSync(path('offers', 'default'), '');
  t.equal(shelf.lies(token), true);
});

t.test('what is missing of the folders is made anew, and what is there stays', async (t) => {
  const { reopen, folder, path, offers } = makeShelf(t);
  const shelf = reopen();
  shelf.offer(recordOf(1));
  fs.rmSync(path('taken'), { recursive: true });
  folder.make(['default', 'other']);
  folder.setDefault('default');
  folder.setDefault('default');
  t.equal(offers().length, 1);
  t.strictSame(fs.readdirSync(path('offers')), ['@default', 'default', 'other']);
  folder.setDefault('other');
  t.equal(fs.readlinkSync(path('offers', '@default')), 'other');
  folder.setDefault(null);
  t.strictSame(fs.readdirSync(path('offers')), ['default', 'other']);
  t.strictSame(fs.readdirSync(path('taken')), []);
});

t.test('a start removes what bears the name of an entry and is none', async (t) => {
  const { reopen, recover, path, entries } = makeShelf(t);
  reopen();
  for (const place of ['taken', 'standing', 'returned', 'holders']) fs.mkdirSync(path(place, 'folder'));
  recover();
  t.strictSame(entries(), ['', '', '', '']);
});
