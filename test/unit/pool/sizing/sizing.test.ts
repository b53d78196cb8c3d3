import t from 'tap';
import { outcome, world } from '../fakes.js';

async function acquireMany(pools: ReturnType<typeof world>['pools'], count: number) {
  return Promise.all(Array.from({ length: count }, () => pools.acquire({})));
}

t.test('a burst that was cold is warm the next time, and idle surplus is destroyed in the end', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 2, max: 60, capacity: 100, sizing: 'demand' }] });
  await clock.advance(100);
  t.match(pools.status()[0], { ready: 2, target: 2 });
  const first = acquireMany(pools, 12);
  await clock.advance(1000);
  const leases = (await first).flat();
  t.equal(leases.filter(({ source }) => source === 'cold').length, 10);
  t.match(pools.status()[0], { target: 15, ready: 15 });
  for (const { id } of leases) pools.release(id);
  await clock.advance(1000);

  const second = (await acquireMany(pools, 12)).flat();
  t.ok(second.every(({ source }) => source === 'warm'));
  for (const { id } of second) pools.release(id);
  await clock.advance(70_000);
  t.match(pools.status()[0], { target: 15, ready: 15 }, 'remembered for the idle time');
  await clock.advance(1_000_000);
  t.match(pools.status()[0], { target: 2, ready: 2, building: 0, destroying: 0 }, 'then forgotten');
  t.equal(clock.pending, 0, 'and nothing more is looked after');
});

t.test('a fixed size does not follow demand', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 2, max: 60, capacity: 100, sizing: 'fixed' }] });
  const leases = acquireMany(pools, 12);
  await clock.advance(1000);
  t.equal((await leases).length, 12);
  t.match(pools.status()[0], { target: 2, ready: 2 });
});

t.test('the target stays within max, and endpoints that are being built are not ordered twice', async (t) => {
  const { pools, clock, endpoints } = world({
    pools: [{ minReady: 2, max: 20, capacity: 100, sizing: 'demand', buildBatch: 50 }],
  });
  await clock.advance(100);
  const leases = (await Promise.all([acquireMany(pools, 12), clock.advance(100)]))[0].flat();
  t.match(pools.status()[0], { target: 15, leased: 12, ready: 8 }, 'as many as there is room for');
  for (const { id } of leases) pools.release(id);
  await clock.advance(100);

  endpoints.manual = true;
  endpoints.log.length = 0;
  await acquireMany(pools, 5);
  await clock.advance(10);
  await acquireMany(pools, 4);
  await clock.advance(1000);
  const ordered = endpoints.log.filter(({ kind }) => kind === 'build').flatMap(({ ids }) => ids);
  t.match(pools.status()[0], { ready: 6, leased: 9, building: 5, target: 15 });
  t.equal(ordered.length, 5, 'max leaves room for five, and they are ordered once');
  t.equal(endpoints.faults.length, 0);
});

t.test('a resize to a smaller size applies at once', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 30, max: 60, capacity: 100, sizing: 'demand' }] });
  await clock.advance(100);
  t.match(pools.status()[0], { ready: 30 });
  pools.resize('default', { minReady: 3 });
  await clock.advance(100);
  t.match(pools.status()[0], { ready: 3, target: 3 });
});

t.test(
  'a refill waits for the end of a burst while half of the target is ready, and does not delay a cold build',
  async (t) => {
    const { pools, clock, endpoints } = world({
      pools: [{ minReady: 20, max: 60, capacity: 100, sizing: 'demand', buildBatch: 4 }],
    });
    await clock.advance(100);
    endpoints.manual = true;
    endpoints.log.length = 0;
    await acquireMany(pools, 10);
    await clock.advance(24);
    t.same(endpoints.log, [], 'nothing is built while the burst may go on');
    await clock.advance(2);
    t.match(endpoints.log, [{ kind: 'build', urgent: false }]);
    // 10 are left: 12 more find two missing.
    const cold = outcome(acquireMany(pools, 12));
    await clock.advance(1);
    const urgent = endpoints.requests.filter((request) => request.urgent);
    t.equal(
      urgent.reduce((sum, { keys }) => sum + keys.length, 0),
      2,
      'built at once beside the refill under way',
    );
    for (const request of urgent) request.answer();
    await clock.advance(1);
    t.equal((await cold).value?.flat().length, 12, 'no acquire waited for the refill');
  },
);
