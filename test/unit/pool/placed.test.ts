import t from 'tap';
import { outcome, world } from './fakes.js';

t.test('an acquire by its address gets the endpoint that has it, or one that is built for it', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 3, max: 6 }] });
  await clock.settle();
  const [ready] = await pools.acquire({ address: '10.0.0.1' });
  t.match(ready, { source: 'warm', netns: { path: '/run/netns/default-2' } });
  const [built] = await pools.acquire({ address: '10.0.0.9', containerId: 'c' });
  t.match(built, { source: 'cold', addresses: [{ address: '10.0.0.9/16' }] });
  t.match(await pools.acquire({ address: '10.0.0.9', containerId: 'c' }), [{ id: built?.id }], 'again, the same');
  await t.rejects(pools.acquire({ address: '10.0.0.2', containerId: 'c' }), {
    code: 'lease_conflict',
    message: /with another address or MAC/,
  });
  await t.rejects(pools.acquire({ address: '10.0.0.9' }), {
    code: 'address_in_use',
    message: new RegExp(`10\\.0\\.0\\.9 of pool default is in use: lease ${built?.id} \\(container c\\) has it`),
  });
  await t.rejects(pools.acquire({ address: '10.0.0.20' }), { code: 'bad_request', message: /the first 20 addresses/ });
  await t.rejects(pools.acquire({ address: '10.0.0.3', count: 2 }), { code: 'bad_request', message: /a count of 1/ });
  t.match(await pools.acquire({}), [{ source: 'warm' }], 'others are served as ever');
  t.same(endpoints.faults, []);
});

t.test('it waits for a lease that ends, for the cooldown of the address, and no longer than it would', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 0, addressCooldownSeconds: 30 }] });
  const [first] = await pools.acquire({ address: '10.0.0.4' });
  const waiting = outcome(pools.acquire({ address: '10.0.0.4', waitSeconds: 60 }));
  const impatient = outcome(pools.acquire({ address: '10.0.0.4', waitSeconds: 5 }));
  await clock.advance(2_000);
  pools.release(first?.id as string);
  await clock.advance(3_000);
  t.match(await impatient, { error: { code: 'address_in_use', message: /in cooldown for 27 s more/ } });
  await clock.advance(26_999);
  t.match(pools.poolStatus('default'), { leased: 0, building: 0 });
  await clock.advance(1);
  t.match(await waiting, { value: [{ source: 'cold', addresses: first?.addresses }], error: null });
  t.same(endpoints.faults, []);
});

t.test('a pool at its max destroys one that is ready to make room, and says so where none is', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 2, max: 2 }] });
  await clock.settle();
  const seventh = pools.acquire({ address: '10.0.0.7' });
  await clock.settle();
  t.match(await seventh, [{ addresses: [{ address: '10.0.0.7/16' }] }]);
  await pools.acquire({});
  await t.rejects(pools.acquire({ address: '10.0.0.8' }), { code: 'pool_exhausted' });
  t.same(endpoints.faults, []);
});

t.test(
  'one that another tenant used is destroyed first; a MAC that was asked for is never given to another',
  async (t) => {
    const { pools, clock, endpoints } = world({ pools: [{ minReady: 2, max: 4, recycle: 'reuse' }] });
    await clock.settle();
    const [used] = await pools.acquire({ address: '10.0.0.0', tenant: 'a' });
    pools.release(used?.id as string);
    await clock.settle();
    const other = pools.acquire({ address: '10.0.0.0', tenant: 'b' });
    await clock.settle();
    t.match(await other, [{ source: 'cold', tenant: 'b' }]);
    const mac = '02:00:00:00:00:99';
    const named = pools.acquire({ address: '10.0.0.1', mac });
    await clock.settle();
    const [own] = await named;
    t.match(own, { source: 'cold', interface: { mac }, addresses: [{ address: '10.0.0.1/16' }] });
    await t.rejects(pools.acquire({ mac }), { code: 'address_in_use' });
    pools.release(own?.id as string);
    await clock.advance(1_000);
    t.notOk([...endpoints.alive.values()].some((key) => key.mac !== undefined));
    t.match(await pools.acquire({ mac }), [{ interface: { mac } }]);
    t.same(endpoints.faults, []);
  },
);

t.test('a client that disconnects, a build that fails and a daemon that stops leave nothing behind', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ minReady: 0, max: 4 }] });
  endpoints.manual = true;
  const leaving = new AbortController();
  const gone = outcome(pools.acquire({ address: '10.0.0.1', mac: '02:00:00:00:00:99', signal: leaving.signal }));
  await clock.settle();
  leaving.abort();
  for (const request of [...endpoints.requests]) request.answer();
  t.match(await gone, { error: { code: 'client_gone' } });
  endpoints.manual = false;
  for (const request of [...endpoints.requests]) request.answer();
  await clock.advance(1_000);
  t.same([...endpoints.alive], []);
  endpoints.failBuilds = true;
  await t.rejects(pools.acquire({ address: '10.0.0.2' }), { code: 'build_failed' });
  endpoints.failBuilds = false;
  const [held] = await pools.acquire({ address: '10.0.0.2' });
  const waiting = outcome(pools.acquire({ address: '10.0.0.2', waitSeconds: 100 }));
  await clock.settle();
  await pools.close();
  t.match(await waiting, { error: { code: 'shutting_down' } });
  t.match(pools.leases(), [{ id: held?.id }]);
});
