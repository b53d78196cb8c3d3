import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import { world } from './fakes.js';

t.test('a released endpoint is replaced: dirty, destroyed, record removed, address in cooldown', async (t) => {
  const { pools, clock, records, events } = world({ pools: [{ minReady: 1 }] });
  await clock.settle();
  const [lease] = await pools.acquire({});
  await clock.settle();
  records.history.length = 0;
  t.equal(pools.release(lease?.id as string), true);
  t.equal(pools.lease(lease?.id as string), undefined, 'forgotten at once');
  t.match(pools.poolStatus('default'), { dirty: 1, leased: 0, released: 1 });
  t.equal(pools.release(lease?.id as string), false, 'the second time there is nothing to release');
  await clock.settle();
  t.same(records.history, ['default-1 dirty', 'default-1 destroying', 'default-1 gone']);
  t.match(events.at(-1), {
    type: 'destroyed',
    endpoint: 'default-1',
    reason: 'policy: its pool replaces every endpoint',
  });
  const [next] = await pools.acquire({ count: 3 });
  await clock.settle();
  const indexes = [...records.onDisk.values()].map(({ index }) => index);
  t.notOk(indexes.includes(0), 'fresh addresses come before the one that rests');
  t.ok(next);
});

t.test('releases that come together are destroyed together, a batch at a time', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 0, buildBatch: 4 }] });
  const leases = await pools.acquire({ count: 6 });
  for (const lease of leases) pools.release(lease.id);
  await clock.settle();
  t.same(
    endpoints.log.filter(({ kind }) => kind === 'destroy').map(({ ids }) => ids.length),
    [4, 2],
  );
});

t.test('an acquire whose build fails gets the cause; record and address are free again', async (t) => {
  const { pools, clock, endpoints, records, events } = world({ pools: [{ minReady: 0, max: 1, capacity: 1 }] });
  endpoints.failBuilds = true;
  await t.rejects(pools.acquire({}), {
    code: 'build_failed',
    message: /no link for default-1/,
    details: { errno: 'EBUSY' },
  });
  t.same(records.history, ['default-1 building', 'default-1 gone']);
  t.match(pools.poolStatus('default'), { building: 0, buildFailures: 1, lastError: /no link for default-1/ });
  t.match(events, [{ type: 'build_failed', endpoint: 'default-1' }]);
  endpoints.failBuilds = false;
  t.match(await pools.acquire({}), [{ source: 'cold' }], 'the only address is free');
  await clock.settle();
});

t.test('two batches are built ahead at a time, and the next follows when one is there', async (t) => {
  const { clock, endpoints } = world({ pools: [{ minReady: 10, buildBatch: 2 }] });
  endpoints.manual = true;
  await clock.settle();
  t.equal(endpoints.requests.length, 2);
  for (let left = 5; left > 0; left -= 1) {
    endpoints.requests[0]?.answer();
    await clock.settle();
    t.equal(endpoints.requests.length, Math.min(2, left - 1));
  }
  t.equal(endpoints.alive.size, 10);
});

t.test('a failing refill backs off, logs that once, and recovers', async (t) => {
  const { pools, clock, endpoints, logged } = world({ pools: [{ minReady: 2 }] });
  endpoints.failBuilds = true;
  await clock.advance(60_000);
  t.equal(endpoints.log.length, 10, 'after 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7, 25.5 and 51.1 seconds');
  t.same(logged, ['failed to build endpoints ahead; retrying']);
  endpoints.failBuilds = false;
  await clock.advance(30_000);
  t.match(pools.poolStatus('default'), { ready: 2, building: 0 });
  t.match(
    logged,
    ['', 'endpoints are built ahead again'].map(() => String),
  );
  t.equal(logged.length, 2);
});

t.test('a full disk stops the refill, not the pool, until there is space again', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 2 }] });
  records.full = true;
  await clock.advance(10_000);
  t.equal(endpoints.log.length, 0, 'nothing is built that is not on record');
  await t.rejects(pools.acquire({}), { code: 'build_failed', message: /no space left/ });
  records.full = false;
  await clock.advance(30_000);
  t.match(pools.poolStatus('default'), { ready: 2 });
  const [lease] = await pools.acquire({});
  records.full = true;
  t.equal(pools.release(lease?.id as string), true, 'a release needs no space');
  await clock.settle();
  t.notOk(endpoints.alive.has('default-1'));
  t.notOk(records.onDisk.has('default-1'));
  t.same(records.faults, []);
});

t.test('a build whose outcome is unknown is destroyed before its address is free', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 0, max: 1 }] });
  endpoints.manual = true;
  const refused = t.rejects(pools.acquire({}), { code: 'build_failed', message: /worker ended/ });
  endpoints.requests[0]?.lose();
  await refused;
  t.match(pools.poolStatus('default'), { destroying: 1 });
  endpoints.manual = false;
  await clock.settle();
  t.same([...endpoints.alive.keys()], []);
  t.same(records.onDisk.size, 0);
});

t.test('a build that failed and was not undone is destroyed before its address is free', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 0, max: 1 }] });
  for (const error of [
    new NetnsdError('build_failed', 'no route', { details: { undo: 'the link is busy' } }),
    new NetnsdError('build_failed', 'no answer', { cause: new NetnsdError('deadline_exceeded', 'too late') }),
  ]) {
    endpoints.manual = true;
    const refused = t.rejects(pools.acquire({}), { code: 'build_failed', message: error.message });
    endpoints.requests[0]?.answerWith(error);
    await refused;
    t.match(pools.poolStatus('default'), { destroying: 1 });
    endpoints.manual = false;
    await clock.settle();
    t.same([...endpoints.alive.keys(), ...records.onDisk.keys()], []);
  }
});

t.test('an endpoint that cannot be destroyed is broken, counts against max, and is retried with backoff', async (t) => {
  const { pools, clock, endpoints, records, logged } = world({ pools: [{ minReady: 0, max: 1 }] });
  const [lease] = await pools.acquire({});
  endpoints.failDestroys = true;
  pools.release(lease?.id as string);
  await clock.settle();
  t.match(pools.poolStatus('default'), { broken: 1, lastError: /is busy/ });
  t.match(records.onDisk.get('default-1'), { state: 'broken', reason: /is busy/ });
  await t.rejects(pools.acquire({}), { code: 'pool_exhausted' });
  await clock.advance(1000);
  t.equal(endpoints.log.filter(({ kind }) => kind === 'destroy').length, 4, 'after 0, 0.1, 0.3 and 0.7 seconds');
  t.equal(logged.length, 1);
  endpoints.failDestroys = false;
  await clock.advance(1000);
  t.match(pools.poolStatus('default'), { broken: 0 });
  t.equal(logged.length, 2);
  await pools.acquire({});
});

t.test('a resize destroys surplus, oldest first, and builds what is missing', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 4 }] });
  await clock.settle();
  t.match(pools.resize('default', { minReady: 1 }), { minReady: 1, max: 10 });
  await clock.settle();
  t.same([...endpoints.alive.keys()], ['default-4']);
  pools.resize('default', { minReady: 6, max: 6 });
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 6 });
  t.throws(() => pools.resize('default', { minReady: 7 }), {
    code: 'bad_request',
    message: /min_ready \(7\) is more than max \(6\)/,
  });
  t.throws(() => pools.resize('default', { max: 21 }), { code: 'bad_request', message: /the 20 addresses/ });
  t.throws(() => pools.resize('default', { minReady: 1.5 }), { code: 'bad_request' });
  t.throws(() => pools.resize('nope', { max: 1 }), { code: 'pool_not_found' });
  await pools.acquire({ count: 6 });
  const waiting = pools.acquire({ waitSeconds: 5 });
  pools.resize('default', { max: 8 });
  t.match(await waiting, [{ source: 'cold' }], 'more room serves an acquire that waits');
});

t.test('a smaller max fails acquires that it makes impossible', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 0, max: 4, buildBatch: 1 }] });
  await pools.acquire({ count: 2 });
  endpoints.manual = true;
  const many = t.rejects(pools.acquire({ count: 2, waitSeconds: 9 }), { code: 'pool_exhausted' });
  pools.resize('default', { max: 1 });
  await many;
  for (const request of [...endpoints.requests]) request.answer();
  endpoints.manual = false;
  await clock.settle();
  t.match(pools.poolStatus('default'), { leased: 2, ready: 0 });
});

t.test('an acquire is served by the pool it names, by default, or by the only pool', async (t) => {
  const two = world({ pools: [{ name: 'a' }, { name: 'b' }] });
  await two.clock.settle();
  await t.rejects(two.pools.acquire({}), { code: 'pool_not_found', message: /name one of a, b/ });
  const [lease] = await two.pools.acquire({ pool: 'b', containerId: 'x', tenant: 't' });
  t.equal(lease?.pool, 'b');
  t.same(two.pools.leases({ pool: 'a' }), []);
  t.same(two.pools.leases({ pool: 'b', containerId: 'x', tenant: 't' }), [lease]);
  t.same(two.pools.leases({ tenant: 'u' }), []);
  t.same(two.pools.lease(lease?.id as string), lease);
  t.equal(two.pools.release(lease?.id as string), true);
  t.equal(two.pools.poolStatus('c'), undefined);
  const only = world({ pools: [{ name: 'a' }] });
  t.match(await only.pools.acquire({}), [{ pool: 'a' }]);
  t.throws(() => world({ pools: [{ minReady: 11 }] }), { code: 'bad_request' });
});

t.test('a subscriber that throws does not disturb others, and one that unsubscribed is not called', async (t) => {
  const { pools, clock, logged } = world();
  let heard = 0;
  const stop = pools.subscribe(() => {
    heard += 1;
    throw new Error('no');
  });
  await clock.settle();
  t.equal(heard, 2);
  stop();
  await pools.acquire({});
  t.equal(heard, 2);
  t.equal(logged.length, 2);
});
