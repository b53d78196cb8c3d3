import fs from 'node:fs';
import t from 'tap';
import { makeShelf, recordOf } from './stage.js';

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
  shelf.removeStaleMarks(1000);
  t.ok(shelf.isOffered(token));
  t.equal(shelf.withdraw(token), true);
  shelf.removeStaleMarks(1000);
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

t.test('where the folder is gone nothing is offered, and nothing throws', async (t) => {
  const { reopen, path, failures } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1)) as string;
  fs.rmSync(path(), { recursive: true });
  t.equal(shelf.offer(recordOf(2)), null);
  t.equal(shelf.withdraw(token), false, 'what cannot be looked at counts as taken');
  t.strictSame(shelf.collect(), []);
  shelf.mark('web');
  shelf.setRecorded(['web']);
  shelf.end('web');
  shelf.removeStaleMarks(0);
  t.not(failures.length, 0);
});

t.test('whether an offer lies there, and whether all was seen, is told; what cannot be told is no loss', async (t) => {
  const { reopen, path } = makeShelf(t);
  const shelf = reopen();
  const token = shelf.offer(recordOf(1)) as string;
  shelf.collect();
  t.strictSame([shelf.isOffered(token), shelf.isOffered('default-1.0'), shelf.sawAll], [true, false, true]);
  fs.renameSync(path('taken'), path('away'));
  shelf.collect();
  t.equal(shelf.sawAll, false);
  fs.renameSync(path('away'), path('taken'));
  shelf.collect();
  t.equal(shelf.sawAll, true);
  fs.renameSync(path('offers', 'default'), path('offers', 'away'));
  fs.writeFileSync(path('offers', 'default'), '');
  t.equal(shelf.isOffered(token), true);
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
