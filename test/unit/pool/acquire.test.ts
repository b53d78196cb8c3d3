import t from 'tap';
import { hasCode } from '../../../src/errors.js';
import { outcome, world } from './fakes.js';

t.test('a pool fills at start, and leases the oldest endpoint first', async (t) => {
  const { pools, clock, endpoints, records, events } = world({ pools: [{ minReady: 6, buildBatch: 4 }] });
  t.match(pools.status()[0], { ready: 0, building: 0 }, 'start returns before anything is built');
  await clock.settle();
  t.same(
    endpoints.log.map(({ ids, urgent }) => [ids.length, urgent]),
    [
      [4, false],
      [2, false],
    ],
    'in batches',
  );
  t.match(pools.poolStatus('default'), { ready: 6, building: 0, minReady: 6, max: 10, subnet: '10.0.0.0/16' });
  t.same(
    records.history.slice(0, 4),
    ['default-1', 'default-2', 'default-3', 'default-4'].map((id) => `${id} building`),
  );
  const [lease] = await pools.acquire({ containerId: 'c1' });
  t.match(lease, { pool: 'default', containerId: 'c1', tenant: 'default', source: 'warm', expiresAt: null });
  t.match(lease, { netns: { path: '/run/netns/default-1' }, acquiredAt: '2026-01-01T00:00:00.000Z' });
  t.match(records.onDisk.get('default-1'), { state: 'leased', lease: { id: lease?.id, containerId: 'c1' } });
  t.equal(events.filter(({ type }) => type === 'ready').length, 6);
  t.match(events.at(-1), { type: 'leased', endpoint: 'default-1', lease: lease?.id, containerId: 'c1' });
});

t.test('a warm lease is active and recorded before acquire returns its promise', async (t) => {
  const { pools, clock, records, endpoints } = world();
  await clock.settle();
  const before = endpoints.log.length;
  const promise = pools.acquire({});
  t.equal(records.count('leased'), 1);
  t.equal(pools.leases().length, 1);
  t.equal(endpoints.log.length, before, 'refill waits until the requests at hand are served');
  await promise;
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 1, leased: 1, acquiredWarm: 1, acquiredCold: 0 });
  await clock.advance(25);
  t.match(pools.poolStatus('default'), { ready: 2, leased: 1 }, 'the gap is filled when the burst is over');
});

t.test('a burst that takes more than half of the ready ones is refilled at once', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 4, max: 20 }] });
  await clock.settle();
  await pools.acquire({ count: 2 });
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 2, building: 0 });
  await pools.acquire({});
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 4 });
});

t.test('acquire is idempotent by pool and container, and refuses another tenant', async (t) => {
  const { pools, clock } = world({ pools: [{}, { name: 'other' }] });
  await clock.settle();
  const [first] = await pools.acquire({ containerId: 'c1', tenant: 'a' });
  const [again] = await pools.acquire({ containerId: 'c1', tenant: 'a' });
  const [elsewhere] = await pools.acquire({ containerId: 'c1', tenant: 'a', pool: 'other' });
  t.equal(again?.id, first?.id);
  t.not(elsewhere?.id, first?.id);
  await t.rejects(pools.acquire({ containerId: 'c1', tenant: 'b' }), {
    code: 'lease_conflict',
    message: /as tenant a, not b/,
  });
  pools.release(first?.id as string);
  const [next] = await pools.acquire({ containerId: 'c1', tenant: 'b' });
  t.not(next?.id, first?.id, 'after the release any tenant may');
});

t.test('a cold lease is urgent and goes from building to leased without ever being ready', async (t) => {
  const { pools, endpoints, records } = world({ pools: [{ minReady: 0 }] });
  const [lease] = await pools.acquire({});
  t.equal(lease?.source, 'cold');
  t.match(endpoints.log, [{ kind: 'build', urgent: true }]);
  t.same(records.history, ['default-1 building', 'default-1 leased']);
});

t.test('at max with nothing ready an acquire is refused with the pool, its max and what to do', async (t) => {
  const { pools } = world({ pools: [{ minReady: 0, max: 2 }] });
  await pools.acquire({ count: 2 });
  await t.rejects(pools.acquire({}), {
    code: 'pool_exhausted',
    message: /pool default has no endpoint left of its max of 2: .*raise max/,
  });
});

t.test('an acquire of several endpoints is served completely or not at all', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 3, max: 5 }] });
  await clock.settle();
  const three = await pools.acquire({ count: 3 });
  t.same(
    three.map(({ source }) => source),
    ['warm', 'warm', 'warm'],
  );
  await clock.settle();
  t.match(pools.poolStatus('default'), { leased: 3, ready: 2 });
  await t.rejects(pools.acquire({ count: 3 }), { code: 'pool_exhausted' });
  t.match(pools.poolStatus('default'), { leased: 3, ready: 2 }, 'nothing was taken');
  const waiting = pools.acquire({ count: 3, waitSeconds: 5 });
  pools.release(three[0]?.id as string);
  await clock.settle();
  t.equal(new Set((await waiting).map(({ id }) => id)).size, 3);
  await t.rejects(pools.acquire({ count: 6 }), { code: 'bad_request', message: /at most 5/ });
  await t.rejects(pools.acquire({ count: 2, containerId: 'c' }), { code: 'bad_request' });
});

t.test('an acquire of several endpoints fails if one cannot be built, and the built ones become ready', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 3, max: 6, buildBatch: 1 }] });
  endpoints.manual = true;
  const result = outcome(pools.acquire({ count: 3 }));
  endpoints.requests[0]?.answer();
  await clock.settle();
  endpoints.requests[0]?.answer(() => true);
  endpoints.manual = false;
  t.match((await result).error, { code: 'build_failed' });
  for (const request of [...endpoints.requests]) request.answer();
  await clock.settle();
  t.match(pools.poolStatus('default'), { leased: 0, ready: 3 });
});

t.test('of a thousand acquires at once on a pool of 100, each gets its own endpoint or pool_exhausted', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 50, max: 100, capacity: 200, buildBatch: 32 }] });
  await clock.advance(1000);
  const results = (await Promise.all(Array.from({ length: 1000 }, () => outcome(pools.acquire({}))))) as {
    value: { netns: { path: string } }[] | null;
    error: Error | null;
  }[];
  const paths = results.flatMap(({ value }) => value ?? []).map(({ netns }) => netns.path);
  t.equal(paths.length, 100);
  t.equal(new Set(paths).size, 100);
  t.ok(results.every(({ error }) => error === null || hasCode(error, 'pool_exhausted')));
  t.equal(endpoints.alive.size, 100);
  t.match(pools.poolStatus('default'), { acquiredWarm: 50, acquiredCold: 50 });
});

t.test('a lease that cannot be recorded is not made, and its endpoint remains the oldest', async (t) => {
  const { pools, clock, records } = world({ pools: [{ minReady: 2 }] });
  await clock.settle();
  records.full = true;
  await t.rejects(pools.acquire({ count: 2 }), { code: 'state_write_failed' });
  t.match(pools.poolStatus('default'), { ready: 2, leased: 0 });
  records.full = false;
  t.match(await pools.acquire({}), [{ netns: { path: '/run/netns/default-1' } }]);
});

t.test('a lease with a time limit is released when it expires', async (t) => {
  const { pools, clock, events } = world({ pools: [{ minReady: 0 }] });
  const [short] = await pools.acquire({ ttlSeconds: 5 });
  const [long] = await pools.acquire({ ttlSeconds: 50 });
  const [free] = await pools.acquire({});
  t.equal(short?.expiresAt, '2026-01-01T00:00:05.000Z');
  await clock.advance(5000);
  t.same(
    pools.leases().map(({ id }) => id),
    [long?.id, free?.id],
  );
  t.match(
    events.find(({ type }) => type === 'released'),
    { lease: short?.id, reason: 'expired' },
  );
  pools.release(long?.id as string);
  await clock.advance(100_000);
  t.same(
    pools.leases().map(({ id }) => id),
    [free?.id],
  );
});
