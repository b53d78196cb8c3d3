import t from 'tap';
import type { Lease } from '../../../src/pool/index.js';
import { outcome, world } from './fakes.js';
import { acquire, endpointOf, verifying } from './verifying.js';

t.test('a tenant does not get an endpoint that another tenant used', async (t) => {
  const made = await verifying({ minReady: 2, max: 4 });
  const { pools, clock } = made;
  const a = await acquire(made, 'a');
  pools.release(a.id);
  await clock.advance(100);
  const b = await acquire(made, 'b');
  t.not(endpointOf(b), endpointOf(a));
  t.equal(endpointOf(await acquire(made, 'a')), endpointOf(a));
});

t.test('at max, the oldest endpoint of another tenant is replaced for an acquire that waits', async (t) => {
  const made = await verifying({ minReady: 1, max: 1 });
  const { pools, clock, events } = made;
  const first = await acquire(made, 'a');
  pools.release(first.id);
  await clock.settle();
  t.match(pools.endpoint('default-1'), { state: 'ready', tenant: 'a' });
  const waiting = pools.acquire({ tenant: 'b', waitSeconds: 5 });
  await clock.settle();
  const [second] = await waiting;
  t.not(endpointOf(second as Lease), endpointOf(first));
  t.match(
    events.filter(({ type }) => type === 'destroyed'),
    [{ endpoint: 'default-1', reason: 'another tenant waits' }],
  );
});

/** At its max: two endpoints are leased to `a`, one is ready for `b` only. */
async function shared() {
  const made = await verifying({ minReady: 1, max: 3 });
  await acquire(made, 'a');
  await made.clock.advance(100);
  made.pools.release((await acquire(made, 'b')).id);
  await made.clock.advance(100);
  await acquire(made, 'a');
  await made.clock.advance(100);
  const ready = made.pools.records().filter(({ state }) => state === 'ready');
  t.match(ready, [{ tenant: 'b' }]);
  t.match(made.pools.poolStatus('default'), { leased: 2, ready: 1 });
  return made;
}

t.test('above max, an acquire fails if only endpoints of another tenant are ready', async (t) => {
  const { pools } = await shared();
  pools.resize('default', { max: 2 });
  const { error } = await outcome(pools.acquire({ tenant: 'a' }));
  t.match(error, { code: 'pool_exhausted' });
});

t.test('an acquire fails if only endpoints of another tenant are ready and no build can be started', async (t) => {
  const { pools, records } = await shared();
  records.full = true;
  pools.resize('default', { max: 4 });
  const { error } = await outcome(pools.acquire({ tenant: 'a' }));
  t.match(error, { code: 'build_failed' });
});

t.test('every acquire that waits fails when no build can be started', async (t) => {
  const { pools, clock, records } = world({ pools: [{ minReady: 0, max: 1 }] });
  const [lease] = await pools.acquire({});
  const told = Array.from({ length: 5000 }, () => outcome(pools.acquire({ waitSeconds: 60 })));
  records.full = true;
  pools.release(lease?.id as string);
  await clock.settle();
  const codes = new Set((await Promise.all(told)).map(({ error }) => error?.code));
  t.strictSame([...codes], ['build_failed']);
});

t.test('an acquire that waits for room fails when the evicted endpoint cannot be destroyed', async (t) => {
  const made = await verifying({ minReady: 1, max: 1 });
  const { pools, clock, endpoints } = made;
  pools.release((await acquire(made, 'b')).id);
  await clock.advance(100);
  endpoints.failDestroys = true;
  const told = outcome(pools.acquire({ tenant: 'a' }));
  await clock.settle();
  t.match((await told).error, { code: 'pool_exhausted' });
  t.match(pools.poolStatus('default'), { broken: 1 });
  const waiting = pools.acquire({ tenant: 'a', waitSeconds: 3600 });
  endpoints.failDestroys = false;
  await clock.advance(60_000);
  t.match(await waiting, [{ tenant: 'a' }], 'and an acquire that waits gets one when it is destroyed');
});
