import { getEventListeners } from 'node:events';
import t from 'tap';
import { hasCode } from '../../../src/errors.js';
import { outcome, world } from './fakes.js';

t.test('two acquires of one container share its cold build', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 0 }] });
  endpoints.manual = true;
  const both = [pools.acquire({ containerId: 'c1' }), pools.acquire({ containerId: 'c1' })];
  const other = outcome(pools.acquire({ containerId: 'c1', tenant: 'b' }));
  t.ok(hasCode((await other).error, 'lease_conflict'));
  t.equal(endpoints.requests.length, 1);
  endpoints.requests[0]?.answer();
  const [a, b] = (await Promise.all(both)).flat();
  t.equal(a?.id, b?.id);
  t.equal(a?.source, 'cold');
  await clock.settle();
  t.match(pools.poolStatus('default'), { leased: 1, ready: 0, acquiredCold: 1 });
});

t.test('the first acquire that waits gets the first endpoint that is built, whichever request builds it', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 2 }] });
  endpoints.manual = true;
  await clock.settle();
  const order: string[] = [];
  const waiting = ['first', 'second'].map((containerId) =>
    pools
      .acquire({ containerId })
      .then(([lease]) => order.push(`${containerId} ${lease?.netns.path} ${lease?.source}`)),
  );
  t.same(
    endpoints.requests.map(({ urgent, keys }) => [urgent, keys.length]),
    [
      [false, 2],
      [true, 1],
      [true, 1],
    ],
  );
  endpoints.requests[2]?.answer();
  await clock.settle();
  t.same(order, ['first /run/netns/default-4 cold']);
  endpoints.requests[0]?.answer();
  await Promise.all(waiting);
  t.equal(order[1], 'second /run/netns/default-1 cold');
  endpoints.requests[0]?.answer();
  endpoints.manual = false;
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 2, leased: 2, building: 0 });
});

t.test('acquires that wait at max are served by replacements, first come first served', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 0, max: 2 }] });
  const leases = await pools.acquire({ count: 2 });
  const order: string[] = [];
  const waiting = ['a', 'b'].map((containerId) =>
    pools.acquire({ containerId, waitSeconds: 10 }).then(() => order.push(containerId)),
  );
  await t.rejects(pools.acquire({}), { code: 'pool_exhausted' }, 'an acquire without a wait does not overtake');
  await clock.advance(5000);
  for (const lease of leases) pools.release(lease.id);
  await clock.settle();
  await Promise.all(waiting);
  t.same(order, ['a', 'b']);
});

t.test('an acquire fails with pool_exhausted when its wait is over, not before', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 0, max: 1 }] });
  await pools.acquire({});
  let settled: unknown = null;
  void outcome(pools.acquire({ waitSeconds: 2 })).then((result) => (settled = result.error));
  await clock.advance(1999);
  t.equal(settled, null);
  await clock.advance(1);
  t.match(settled, { code: 'pool_exhausted' });
  t.equal(clock.pending, 0, 'nothing of it remains');
});

t.test('an acquire that is aborted leaves the queue and the next one is served', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 0, max: 1 }] });
  const [lease] = await pools.acquire({});
  const gone = new AbortController();
  const first = outcome(pools.acquire({ waitSeconds: 60, signal: gone.signal }));
  const second = pools.acquire({ waitSeconds: 60, containerId: 'second' });
  gone.abort();
  t.match((await first).error, { code: 'client_gone' });
  pools.release(lease?.id as string);
  await clock.settle();
  t.match(await second, [{ containerId: 'second' }]);
  await t.rejects(pools.acquire({ signal: gone.signal }), { code: 'client_gone' }, 'an aborted one gets nothing');
});

t.test('an endpoint leased at the moment its client disconnects is ready as before', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 1 }] });
  endpoints.manual = true;
  await clock.settle();
  const gone = new AbortController();
  const result = outcome(pools.acquire({ containerId: 'c', signal: gone.signal }));
  // The event comes when the lease has been made, and before the acquire goes on.
  pools.subscribe(({ type }) => type === 'leased' && gone.abort());
  endpoints.requests[0]?.answer();
  t.match((await result).error, { code: 'client_gone' });
  t.same(pools.leases(), []);
  t.match(records.onDisk.get('default-1'), { state: 'ready', lease: null });
  endpoints.manual = false;
  endpoints.requests[0]?.answer();
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 1, leased: 0 }, 'and what was built for it is let go');
});

t.test('of two acquires of one container, one may be aborted and the other still gets the lease', async (t) => {
  const { pools, endpoints } = world({ pools: [{ minReady: 0 }] });
  endpoints.manual = true;
  const gone = new AbortController();
  const leaving = outcome(pools.acquire({ containerId: 'c', signal: gone.signal }));
  const staying = pools.acquire({ containerId: 'c' });
  gone.abort();
  t.match((await leaving).error, { code: 'client_gone' });
  endpoints.requests[0]?.answer();
  t.match(await staying, [{ containerId: 'c' }]);
});

t.test('an acquire without a wait fails when the refill that would have served it is lost', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 2, max: 2 }] });
  endpoints.manual = true;
  await clock.settle();
  const impatient = t.rejects(pools.acquire({}), { code: 'pool_exhausted' });
  const patient = pools.acquire({ waitSeconds: 60 });
  endpoints.requests[0]?.lose();
  endpoints.manual = false;
  await impatient;
  await clock.settle();
  t.match(await patient, [{ source: 'cold' }]);
});

t.test('an acquire that was answered no longer listens to its signal', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 0, max: 1 }] });
  const { signal } = new AbortController();
  await pools.acquire({ signal });
  const late = t.rejects(pools.acquire({ signal, waitSeconds: 1 }), { code: 'pool_exhausted' });
  t.equal(getEventListeners(signal, 'abort').length, 1);
  await clock.advance(1000);
  await late;
  t.same(getEventListeners(signal, 'abort'), []);
});
