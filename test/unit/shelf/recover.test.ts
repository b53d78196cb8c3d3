import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileShelf } from '../../../src/shelf/index.js';
import { makeShelf, recordOf } from './stage.js';

function leasedOf(seq: number, containerId: string) {
  const terms = { id: '00000000000000aa', containerId, tenant: 'default', trust: 'unknown', source: 'warm' } as const;
  const lease = { ...terms, acquiredAt: new Date(0).toISOString(), expiresAt: null };
  return recordOf(seq, { state: 'leased', lease });
}

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
  fs.writeFileSync(path('holders', 'killed'), '{"lea');
  fs.utimesSync(path('holders', 'killed'), new Date(), new Date(Date.now() - 31_000));
  fs.symlinkSync('lease', path('holders', 'past'));
  const left = token(3);
  fs.symlinkSync('{"token":"default-9.1"}', path('offers', 'default', 'unused', 'default-9.1'));
  const { records, leases, offers } = recover([recordOf(1), recordOf(2), recordOf(3)]);
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
  t.strictSame([...leases.keys()], ['one']);
  t.strictSame([...offers], [['default-3', { token: left, path: join('offers', 'default', 'unused', left) }]]);
  t.strictSame(fs.readdirSync(path('offers', 'default', 'unused')), [left], 'no record speaks of the other one');
  t.strictSame(entries(), ['one,taking', '', 'one', ''], 'a client that is about to take goes on');
  const next = reopen([leasedOf(1, 'one'), recordOf(3)]);
  t.equal(next.adopt(recordOf(3)), left);
  t.equal(next.adopt(recordOf(3)), null);
  t.ok(next.isOffered(left));
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

t.test('what a start cannot write down stays taken, for the next one', async (t) => {
  const { reopen, recover, take, entries, failures, folder, path } = makeShelf(t);
  reopen().offer(recordOf(1));
  take('web');
  const { records, leases } = recover([recordOf(1)], true);
  t.match(records, [{ state: 'leased' }]);
  t.strictSame(entries(), ['web', 'web', '', '']);
  t.strictSame(failures, ['record']);
  recover(records as never);
  t.strictSame(entries(), ['web', 'web', '', ''], 'also where the same start reads the shelf again');
  const options = { folder, trustOf: () => 'unknown' as const, newLeaseId: () => '', failed: () => {} };
  const shelf = new FileShelf({ ...options, leases });
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
  const { records, leases } = recover([recordOf(1), recordOf(2)], true);
  t.match(records, [{ id: 'default-2' }], 'its endpoint is without a record, and destroyed as such');
  t.strictSame(removed, [['default-1', 'ready']]);
  t.equal(leases.size, 0);
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

t.test('a start removes what bears the name of an entry and is none', async (t) => {
  const { reopen, recover, path, entries } = makeShelf(t);
  reopen();
  for (const place of ['taken', 'standing', 'returned', 'holders']) fs.mkdirSync(path(place, 'folder'));
  recover();
  t.strictSame(entries(), ['', '', '', '']);
});
