import fs from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { takeFromShelf } from '../../../src/client/shelf.js';
import { FileShelf, ShelfFolder } from '../../../src/shelf/index.js';
import { factsOf } from '../pool/fakes.js';

/** A daemon's shelf with endpoints whose namespaces are files, for a client on its socket. */
function shelved(t: Test) {
  const directory = t.testdir({ netns: {} });
  const folder = new ShelfFolder(directory);
  folder.make(['default', 'web']);
  folder.setDefault('default');
  fs.chmodSync(folder.path, 0o700);
  const shelf = new FileShelf({
    folder,
    trustOf: () => 'privileged',
    newLeaseId: () => 'f'.repeat(16),
    failed: (error) => t.fail(String(error)),
  });
  const offer = (seq: number, change: object = {}) => {
    const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
    const path = join(directory, 'netns', key.id);
    fs.writeFileSync(path, '');
    const facts = { ...factsOf(key), netns: { path, inode: fs.statSync(path).ino } };
    const record = { ...key, state: 'ready' as const, facts, lease: null, tenant: null, reason: null, ...change };
    shelf.offer(record);
    return facts;
  };
  const names = (...path: string[]) => fs.readdirSync(join(folder.path, ...path));
  return { socketPath: join(directory, 'netnsd.sock'), shelf, offer, names, folder };
}

t.test('a lease from the shelf is the one that the daemon then enters', async (t) => {
  const { socketPath, shelf, offer } = shelved(t);
  const facts = offer(1);
  const lease = takeFromShelf(socketPath, { containerId: 'web-1', tenant: 'blue', ttl: 1.5, wait: 3 });
  t.match(lease, { pool: 'default', containerId: 'web-1', tenant: 'blue', trust: 'unknown', source: 'warm', ...facts });
  const takenAtMs = Date.parse(lease?.acquiredAt ?? '');
  t.equal(lease?.expiresAt, new Date(takenAtMs + 1500).toISOString());
  t.match(shelf.collect(), [
    {
      key: 'web-1',
      leaseId: lease?.id,
      containerId: 'web-1',
      tenant: 'blue',
      takenAtMs,
      ttlMs: 1500,
      trust: 'unknown',
      forContainer: false,
    },
  ]);
});

t.test('without a container it is called by its id, and what the tenant has had goes first', async (t) => {
  const { socketPath, shelf, offer } = shelved(t);
  offer(1);
  offer(2, { tenant: 'green' });
  const { netns } = offer(3, { tenant: 'blue' });
  const lease = takeFromShelf(socketPath, { tenant: 'blue' });
  t.strictSame([lease?.netns, lease?.containerId], [netns, null]);
  t.match(shelf.collect(), [{ key: `@${lease?.id}`, containerId: null }]);
});

t.test('what only the daemon can give is not taken, and nothing is left behind', async (t) => {
  const { socketPath, offer, names, folder } = shelved(t);
  t.equal(takeFromShelf(socketPath, {}), undefined, 'nothing lies there');
  offer(1);
  for (const request of [
    { pool: 'web' },
    { pool: '../default' },
    { containerId: 'a/b' },
    { tenant: '../x' },
    { ttl: 0.0001 },
    { pid: 1 },
    { count: 2 },
  ])
    t.equal(takeFromShelf(socketPath, request), undefined, JSON.stringify(request));
  folder.mark('held');
  t.equal(takeFromShelf(socketPath, { containerId: 'held' }), undefined, 'it holds a lease');
  fs.chmodSync(folder.path, 0o770);
  t.equal(takeFromShelf(socketPath, {}), undefined, 'others may write there');
  t.equal(takeFromShelf(join(folder.path, 'nowhere/socket'), {}), undefined);
  t.equal(takeFromShelf(join(folder.path, 'holders/held/socket'), {}), undefined);
  t.strictSame([names('holders'), names('taken'), names('offers', 'default', 'unused').length], [['held'], [], 1]);
});

t.test('an endpoint whose namespace is another one by now goes back', async (t) => {
  const { socketPath, offer, names } = shelved(t);
  const { netns } = offer(1);
  fs.writeFileSync(`${netns.path}.new`, '');
  fs.renameSync(`${netns.path}.new`, netns.path);
  t.equal(takeFromShelf(socketPath, { containerId: 'web-1' }), undefined);
  t.strictSame([names('taken'), names('returned'), names('holders')], [[], ['web-1'], ['web-1']]);
});
