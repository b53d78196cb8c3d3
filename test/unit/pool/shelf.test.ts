import t from 'tap';
import { type EndpointKey, type EndpointRecord, type Lease, Pools } from '../../../src/pool/index.js';
import { FakeShelf } from './fake-shelf.js';
import { factsOf, outcome, type Sizes, world } from './fakes.js';

/** A pool with a shelf, filled and sealed. */
async function shelved(sizes: Sizes = {}) {
  const shelf = new FakeShelf();
  const made = world({ pools: [{ recycle: 'verify', minReady: 2, max: 4, ...sizes }], shelf });
  await made.clock.advance(100);
  return { ...made, shelf };
}

const endpointOf = ({ netns }: Lease) => netns.path.split('/').at(-1) as string;

t.test('endpoints are offered when they are sealed, and not before', async (t) => {
  const shelf = new FakeShelf();
  const { clock } = world({ pools: [{ recycle: 'verify', minReady: 2 }], shelf });
  await clock.settle();
  t.equal(shelf.offers.size, 0);
  await clock.advance(100);
  t.equal(shelf.offers.size, 2);
});

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
  t.strictSame(shelf.settled, ['web'], 'and its entry says so when it is recorded');
});

t.test('a returned endpoint is verified and offered again', async (t) => {
  const { pools, shelf, clock, endpoints } = await shelved();
  const id = shelf.take('web') as string;
  pools.collect();
  shelf.giveBack('web');
  t.strictSame(pools.leases(), []);
  await clock.advance(100);
  t.strictSame(endpoints.checks, [{ id, way: 'seal', sealed: true }]);
  t.equal(shelf.offers.size, 2);
  t.match(pools.poolStatus('default'), { ready: 2, released: 1, recycledBySeal: 1 });
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
  t.ok(shelf.held.has('asks'), 'that container may not take from the shelf');
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

t.test('an endpoint that a tenant used is offered to that tenant', async (t) => {
  const { pools, shelf, clock } = await shelved({ minReady: 1, max: 2 });
  const id = shelf.take('first', { tenant: 'a' }) as string;
  t.match(pools.leases(), [{ containerId: 'first', tenant: 'a' }]);
  shelf.giveBack('first');
  pools.collect();
  await clock.advance(1000);
  t.equal(pools.endpoint(id)?.state, 'ready');
  const offered = [...shelf.offers.values()].find((record) => record.id === id);
  t.equal(offered?.tenant, 'a');
  t.equal(shelf.take('second', { tenant: 'a' }), id);
  t.match(pools.leases(), [{ containerId: 'second', tenant: 'a' }]);
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

t.test('the next daemon takes over the offers of an earlier one', async (t) => {
  const shelf = new FakeShelf();
  const record = (seq: number) => {
    const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
    return { ...key, state: 'ready' as const, facts: factsOf(key), lease: null, tenant: null, reason: null };
  };
  shelf.adoptable.set('default-1', 'default-1.0');
  const { pools, clock, endpoints } = world({
    pools: [{ recycle: 'verify', minReady: 2, max: 2 }],
    shelf,
    adopted: [record(1), record(2)],
  });
  t.strictSame([...shelf.offers.keys()], ['default-1.0'], 'from the first moment on');
  const id = shelf.take('web');
  t.equal(id, 'default-1');
  await clock.advance(100);
  t.match(pools.leases(), [{ containerId: 'web' }]);
  shelf.giveBack('web');
  pools.collect();
  await clock.advance(100);
  t.match(endpoints.checks, [{ id, way: 'proof', sealed: false }], 'it was taken before it was sealed');
});

t.test('a container with a lease may not take from the shelf until that has ended', async (t) => {
  const { pools, shelf } = await shelved();
  const [lease] = await pools.acquire({ containerId: 'web' });
  t.ok(shelf.held.has('web'));
  pools.release(lease?.id as string);
  t.notOk(shelf.held.has('web'));
});

t.test('closing a pool keeps its offers, and draining withdraws them', async (t) => {
  const { pools, shelf } = await shelved();
  const id = shelf.take('web');
  await pools.close();
  t.equal(shelf.offers.size, 1);
  t.strictSame(pools.leases().map(endpointOf), [id]);
  await pools.drain();
  t.equal(shelf.offers.size, 0);
});

t.test('a container with leases in two pools is marked on the shelf', async (t) => {
  const shelf = new FakeShelf();
  const { pools, clock } = world({ pools: [{ name: 'a' }, { name: 'b' }], shelf });
  await clock.advance(100);
  shelf.take('web');
  const [first] = pools.leases();
  t.strictSame([[...shelf.held], [...shelf.several]], [['web'], []]);
  await pools.acquire({ pool: first?.pool === 'a' ? 'b' : 'a', containerId: 'web' });
  t.strictSame([...shelf.several], ['web']);
});

t.test('replacing an endpoint withdraws its offer; one that was taken is not replaced', async (t) => {
  const { pools, shelf } = await shelved();
  const ready = pools.records().filter(({ state }) => state === 'ready');
  const [first, second] = ready;
  const taken = shelf.take('web');
  const other = [first, second].find((record) => record?.id !== taken);
  const mine = [first, second].find((record) => record?.id === taken);
  t.equal(pools.replace(mine as never, 'broken'), false);
  t.equal(pools.replace(other as never, 'broken'), true);
  t.equal(shelf.offers.size, 0);
});

t.test('a lease from the shelf is active although it cannot be recorded', async (t) => {
  const { pools, shelf, records, clock } = await shelved();
  records.full = true;
  const id = shelf.take('web');
  t.strictSame(pools.leases().map(endpointOf), [id]);
  await clock.settle();
  records.full = false;
  await clock.advance(60_000);
  t.match(records.onDisk.get(id as string), { state: 'leased' }, 'and is, when that is possible');
});

for (const ends of ['recorded', 'destroyed', 'ready again'] as const)
  t.test(`a release that cannot be recorded keeps its container from the shelf until it is ${ends}`, async (t) => {
    const recycle = ends === 'ready again' ? ('verify' as const) : ('replace' as const);
    const { pools, shelf, records, endpoints, clock } = await shelved({ recycle });
    const [lease] = await pools.acquire({ containerId: 'web' });
    const { id = '', netns } = lease ?? {};
    records.full = true;
    // A process is still inside, so that it stays dirty.
    if (ends === 'recorded') endpoints.inside.set(netns?.inode as number, [7]);
    pools.release(id);
    t.strictSame(pools.leases(), []);
    t.ok(shelf.held.has('web'));
    records.full = false;
    await clock.advance(ends === 'recorded' ? 60_000 : 100);
    t.notOk(shelf.held.has('web'));
    const state = { recorded: 'dirty', destroyed: undefined, 'ready again': 'ready' }[ends];
    t.equal(records.onDisk.get(endpointOf(lease as Lease))?.state, state);
    t.strictSame(records.faults, []);
  });

t.test('a lease from the shelf whose record cannot be written stays there until it is written', async (t) => {
  const { pools, shelf, records, clock } = await shelved();
  records.full = true;
  const id = shelf.take('web') as string;
  pools.collect();
  await clock.settle();
  t.strictSame(shelf.settled, []);
  t.match(pools.poolStatus('default'), { leased: 1, trouble: /no space left/ });
  records.full = false;
  await clock.advance(60_000);
  pools.collect();
  t.match(records.onDisk.get(id), { state: 'leased' });
  t.strictSame(shelf.settled, ['web']);
  t.strictSame(records.faults, []);
});

/** Every method of the pools that reads or changes leases or endpoints. */
const METHODS: { [K in keyof Pools]?: (pools: Pools, lease: Lease) => unknown } = {
  collect: (pools) => pools.collect(),
  acquire: (pools) => pools.acquire({}),
  release: (pools) => pools.release('none'),
  releaseGone: (pools) => pools.releaseGone('none'),
  renew: (pools, { id }) => pools.renew(id, 60),
  records: (pools) => pools.records(),
  endpoint: (pools) => pools.endpoint('default-1'),
  replace: (pools) => pools.replace({ pool: 'default' } as EndpointRecord, 'broken'),
  endLease: (pools) => pools.endLease({ pool: 'default' } as EndpointRecord, { kind: 'x', text: 'x' }),
  sawContainer: (pools) => pools.sawContainer({ pool: 'default' } as EndpointRecord),
  occupants: (pools) => pools.occupants([]),
  markGrafted: (pools, { id }) => pools.markGrafted(id, { inode: 1, pid: 1 }),
  lease: (pools) => pools.lease('none'),
  leases: (pools) => pools.leases(),
  status: (pools) => pools.status(),
  poolStatus: (pools) => pools.poolStatus('default'),
  resize: (pools) => pools.resize('default', {}),
  lookOverShelf: (pools) => pools.lookOverShelf({ fix: false }),
};
const OTHER_METHODS = ['constructor', 'start', 'subscribe', 'close', 'drain'];

t.test('every method catches up with the shelf exactly once', async (t) => {
  const methods = Object.getOwnPropertyNames(Pools.prototype).filter((name) => !OTHER_METHODS.includes(name));
  t.same(methods.toSorted(), Object.keys(METHODS).toSorted());
  for (const [name, call] of Object.entries(METHODS)) {
    const { pools, shelf, clock } = await shelved({ minReady: 3 });
    const [lease] = await pools.acquire({});
    let looks = 0;
    const collect = shelf.collect.bind(shelf);
    shelf.collect = () => {
      looks += 1;
      return collect();
    };
    shelf.take('web');
    await call(pools, lease as Lease);
    t.equal(looks, 1, name);
    t.equal(pools.leases({ containerId: 'web' }).length, 1, name);
    await clock.settle();
  }
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

t.test('an endpoint whose offer could not be withdrawn is ready again after the next look', async (t) => {
  const { pools, shelf } = await shelved({ minReady: 1, max: 1 });
  const withdraw = shelf.withdraw.bind(shelf);
  shelf.withdraw = () => false;
  const { error } = await outcome(pools.acquire({}));
  t.match(error, { code: 'pool_exhausted' });
  shelf.withdraw = withdraw;
  pools.collect();
  t.equal(shelf.offers.size, 1);
  const [lease] = await pools.acquire({});
  t.match(lease, { source: 'warm' });
});

t.test('an endpoint whose offer was removed by hand is found and replaced', async (t) => {
  const { pools, shelf, clock, events } = await shelved({ minReady: 2, max: 2 });
  const [token] = shelf.offers.keys();
  const { id } = shelf.offers.get(token as string) as EndpointRecord;
  shelf.offers.delete(token as string);
  t.match(pools.lookOverShelf({ fix: false }), [{ id, state: 'ready' }]);
  t.match(pools.poolStatus('default'), { ready: 2 }, 'nothing was done');
  t.match(pools.lookOverShelf({ fix: true }), [{ id }]);
  t.strictSame(pools.lookOverShelf({ fix: true }), []);
  await clock.advance(200);
  t.match(
    events.filter(({ type }) => type === 'destroyed'),
    [{ endpoint: id, reason: 'its offer is gone from the shelf' }],
  );
  t.equal(shelf.offers.size, 2);
});

t.test('an endpoint whose offer is lost is replaced although an acquire tried to take it', async (t) => {
  const { pools, shelf, clock } = await shelved({ minReady: 1, max: 1 });
  shelf.offers.clear();
  t.match((await outcome(pools.acquire({}))).error, { code: 'pool_exhausted' });
  t.equal(pools.lookOverShelf({ fix: true }).length, 1);
  await clock.advance(200);
  t.match(await pools.acquire({}), [{ source: 'warm' }]);
});

t.test('an offer that clients take during a check of the shelf is not lost', async (t) => {
  const { pools, shelf } = await shelved();
  shelf.take('web');
  t.strictSame(pools.lookOverShelf({ fix: true }), []);
  t.match(pools.leases(), [{ containerId: 'web' }]);
  shelf.take('db');
  const collect = shelf.collect.bind(shelf);
  shelf.collect = () => [];
  shelf.sawAll = false;
  t.strictSame(pools.lookOverShelf({ fix: true }), [], 'nor what cannot be seen at the moment');
  shelf.collect = collect;
  shelf.sawAll = true;
  t.strictSame(pools.lookOverShelf({ fix: true }), []);
  t.equal(pools.leases().length, 2);
});

t.test('endpoints that could not be offered are offered by the next check of the shelf', async (t) => {
  const shelf = new FakeShelf();
  const offer = shelf.offer.bind(shelf);
  shelf.offer = () => null as never;
  const { pools, clock } = world({ pools: [{ recycle: 'verify', minReady: 2, max: 4 }], shelf });
  await clock.advance(100);
  shelf.offer = offer;
  pools.lookOverShelf({ fix: false });
  t.equal(shelf.offers.size, 0);
  pools.lookOverShelf({ fix: true });
  t.equal(shelf.offers.size, 2);
});
