import t from 'tap';
import type { EndpointRecord } from '../../../../src/pool/index.js';
import { FakeShelf } from '../fake-shelf.js';
import { factsOf, outcome, world } from '../fakes.js';
import { endpointOf, shelved } from './shelved.js';

t.test('endpoints are offered when they are sealed, and not before', async (t) => {
  const shelf = new FakeShelf();
  const { clock } = world({ pools: [{ recycle: 'verify', minReady: 2 }], shelf });
  await clock.settle();
  t.equal(shelf.offers.size, 0);
  await clock.advance(100);
  t.equal(shelf.offers.size, 2);
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

t.test('closing a pool keeps its offers, and draining withdraws them', async (t) => {
  const { pools, shelf } = await shelved();
  const id = shelf.take('web');
  await pools.close();
  t.equal(shelf.offers.size, 1);
  t.strictSame(pools.leases().map(endpointOf), [id]);
  await pools.drain();
  t.equal(shelf.offers.size, 0);
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
  t.match(pools.checkShelf({ fix: false }), [{ id, state: 'ready' }]);
  t.match(pools.poolStatus('default'), { ready: 2 }, 'nothing was done');
  t.match(pools.checkShelf({ fix: true }), [{ id }]);
  t.strictSame(pools.checkShelf({ fix: true }), []);
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
  t.equal(pools.checkShelf({ fix: true }).length, 1);
  await clock.advance(200);
  t.match(await pools.acquire({}), [{ source: 'warm' }]);
});

t.test('an offer that clients take during a check of the shelf is not lost', async (t) => {
  const { pools, shelf } = await shelved();
  shelf.take('web');
  t.strictSame(pools.checkShelf({ fix: true }), []);
  t.match(pools.leases(), [{ containerId: 'web' }]);
  shelf.take('db');
  const collect = shelf.collect.bind(shelf);
  shelf.collect = () => [];
  shelf.sawAll = false;
  t.strictSame(pools.checkShelf({ fix: true }), [], 'nor what cannot be seen at the moment');
  shelf.collect = collect;
  shelf.sawAll = true;
  t.strictSame(pools.checkShelf({ fix: true }), []);
  t.equal(pools.leases().length, 2);
});

t.test('endpoints that could not be offered are offered by the next check of the shelf', async (t) => {
  const shelf = new FakeShelf();
  const offer = shelf.offer.bind(shelf);
  shelf.offer = () => null as never;
  const { pools, clock } = world({ pools: [{ recycle: 'verify', minReady: 2, max: 4 }], shelf });
  await clock.advance(100);
  shelf.offer = offer;
  pools.checkShelf({ fix: false });
  t.equal(shelf.offers.size, 0);
  pools.checkShelf({ fix: true });
  t.equal(shelf.offers.size, 2);
});
