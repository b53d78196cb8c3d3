import t from 'tap';
import type { EndpointKey, Lease } from '../../../../src/pool/index.js';
import { FakeShelf } from '../fake-shelf.js';
import { factsOf, outcome, world } from '../fakes.js';
import { endpointOf, shelved } from './shelved.js';

t.test('an endpoint taken from the shelf is a lease in every answer from then on', async (t) => {
  const { pools, shelf, events, records } = await shelved();
  const id = shelf.take('web');
  const [lease] = pools.leases({ containerId: 'web' });
  t.match(lease, { id: 'lease-of-web', pool: 'default', tenant: 'default', source: 'warm', trust: 'unprivileged' });
  t.equal(endpointOf(lease as Lease), id);
  t.match(lease, { acquiredAt: '1970-01-01T00:00:01.000Z', expiresAt: null });
  t.match(records.onDisk.get(id as string), { state: 'leased', lease: { container: 'awaited' } });
  t.match(pools.poolStatus('default'), { ready: 1, leased: 1, acquiredWarm: 1 });
  t.match(events.at(-1), { type: 'leased', endpoint: id, containerId: 'web' });
  t.strictSame(shelf.recorded, ['web'], 'and its entry says so when it is recorded');
});

t.test('an endpoint taken and returned between two looks at the shelf was a lease', async (t) => {
  const { pools, shelf, events, clock } = await shelved();
  const id = shelf.take('web');
  shelf.giveBack('web');
  pools.collect();
  t.match(
    events.filter(({ endpoint }) => endpoint === id).map(({ type }) => type),
    ['ready', 'leased', 'released'],
  );
  await clock.advance(100);
  t.match(pools.poolStatus('default'), { ready: 2, leased: 0, acquiredWarm: 1, released: 1 });
});

t.test('an acquire withdraws its endpoint from the shelf, and gets none that was taken there just now', async (t) => {
  const { pools, shelf } = await shelved();
  // Between the collecting and the taking back.
  const collect = shelf.collect.bind(shelf);
  let late: string | undefined;
  shelf.collect = () => {
    const news = collect();
    late ??= shelf.take('late');
    return news;
  };
  const [lease] = await pools.acquire({ containerId: 'asks' });
  t.not(endpointOf(lease as Lease), late);
  t.equal(shelf.offers.size, 0, 'none lies there that is leased');
  t.ok(shelf.marked.has('asks'), 'that container may not take from the shelf');
  t.strictSame(pools.leases({ containerId: 'late' }).map(endpointOf), [late]);
});

t.test('an acquire waits for a build when clients took all endpoints from the shelf', async (t) => {
  const { pools, shelf, clock } = await shelved({ minReady: 1, max: 2 });
  const collect = shelf.collect.bind(shelf);
  let late: string | undefined;
  shelf.collect = () => {
    const news = collect();
    late ??= shelf.take('late');
    return news;
  };
  const asked = pools.acquire({ containerId: 'asks' });
  await clock.advance(100);
  const [lease] = await asked;
  t.match(lease, { source: 'cold' });
  t.not(endpointOf(lease as Lease), late);
});

t.test('endpoints taken from the shelf count against max', async (t) => {
  const { pools, shelf, clock } = await shelved({ minReady: 2, max: 2 });
  shelf.take('a');
  shelf.take('b');
  const { error } = await outcome(pools.acquire({}));
  t.match(error, { code: 'pool_exhausted' });
  await clock.advance(1000);
  t.equal(pools.poolStatus('default')?.leased, 2);
});

t.test('an acquire fails when a client takes from the shelf what it would have got', async (t) => {
  const { pools, shelf, endpoints, clock } = await shelved({ minReady: 2, max: 3 });
  endpoints.manual = true;
  const asked = outcome(pools.acquire({ count: 3 }));
  await clock.settle();
  shelf.take('web');
  pools.collect();
  t.match((await asked).error, { code: 'pool_exhausted' });
});

t.test('the pool is refilled after endpoints were taken from the shelf', async (t) => {
  const { pools, shelf, clock } = await shelved({ minReady: 2, max: 4 });
  shelf.take('a');
  shelf.take('b');
  pools.collect();
  await clock.advance(1000);
  t.match(pools.poolStatus('default'), { ready: 2, leased: 2 });
  t.equal(shelf.offers.size, 2);
});

t.test('news of an unknown offer changes nothing', async (t) => {
  const { pools, shelf } = await shelved();
  const before = pools.poolStatus('default');
  shelf.take('web', { token: 'default-1.of an earlier life' });
  shelf.take('web', { token: 'elsewhere-1.x' });
  t.match(pools.poolStatus('default'), { ...before });
});

t.test('a lease from the shelf has the terms that the client chose', async (t) => {
  const { pools, shelf, clock, events } = await shelved();
  const none = { containerId: null, forContainer: false, trust: 'unknown' } as const;
  const id = shelf.take('@lease', { ...none, leaseId: 'lease', key: '@lease', ttlMs: 5000, takenAtMs: clock.wallMs() });
  const [lease] = pools.leases();
  t.match(lease, { id: 'lease', containerId: null, expiresAt: new Date(clock.wallMs() + 5000).toISOString() });
  await clock.advance(4999);
  t.equal(pools.leases().length, 1);
  await clock.advance(1);
  t.strictSame(pools.leases(), []);
  t.match(
    events.filter(({ type }) => type === 'released'),
    [{ endpoint: id, reason: 'expired' }],
  );
});

t.test('a container with a lease may not take from the shelf until that has ended', async (t) => {
  const { pools, shelf } = await shelved();
  const [lease] = await pools.acquire({ containerId: 'web' });
  t.ok(shelf.marked.has('web'));
  pools.release(lease?.id as string);
  t.notOk(shelf.marked.has('web'));
});

t.test('a container with leases in two pools is marked on the shelf', async (t) => {
  const shelf = new FakeShelf();
  const { pools, clock } = world({ pools: [{ name: 'a' }, { name: 'b' }], shelf });
  await clock.advance(100);
  shelf.take('web');
  const [first] = pools.leases();
  t.strictSame([[...shelf.marked], [...shelf.several]], [['web'], []]);
  await pools.acquire({ pool: first?.pool === 'a' ? 'b' : 'a', containerId: 'web' });
  t.strictSame([...shelf.several], ['web']);
});

t.test('processes inside an endpoint are found as soon as it was taken from the shelf', async (t) => {
  const { pools, shelf, endpoints, clock } = await shelved();
  const id = shelf.take('web') as string;
  const record = pools.records().find((one) => one.id === id);
  shelf.take('db');
  const other = [...endpoints.alive.keys()].find((one) => one !== id) as string;
  for (const one of [id, other])
    endpoints.inside.set(factsOf(endpoints.alive.get(one) as EndpointKey).netns.inode, [7]);
  t.ok(record);
  const occupants = pools.occupants(['lease-of-web', 'lease-of-db']);
  await clock.settle();
  t.same(await occupants, [[7], [7]], 'so that an unforced release does not end the lease of a running container');
});
