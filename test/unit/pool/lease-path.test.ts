import t from 'tap';
import { outcome, world } from './fakes.js';

t.test('the path of a lease ends with it, and the next lease of the endpoint has another one', async (t) => {
  const made = world({ pools: [{ recycle: 'verify', minReady: 1, max: 1 }] });
  const { pools, clock, endpoints, records } = made;
  await clock.advance(100);
  const [first] = await pools.acquire({ tenant: 'a' });
  t.same(endpoints.retracted, [], 'it leads to the endpoint while the lease lasts');
  pools.release(first?.id ?? '');
  t.same(endpoints.retracted, ['default-1'], 'and nowhere from the release on, before the endpoint is verified');
  await clock.advance(100);
  const [second] = await pools.acquire({ tenant: 'a' });
  t.match(second?.netns.path, /\/default-1$/, 'the same endpoint');
  t.not(second?.netns.path, first?.netns.path);
  t.equal(records.onDisk.get('default-1')?.facts?.netns.path, second?.netns.path, 'as a restart will find it');
});

t.test('an endpoint of which no path can be had is replaced', async (t) => {
  const made = world({ pools: [{ recycle: 'verify', minReady: 1, max: 1 }] });
  const { pools, clock, endpoints } = made;
  await clock.advance(100);
  const [lease] = await pools.acquire({ tenant: 'a' });
  endpoints.renewPath = () => {
    throw new Error('no space left');
  };
  pools.release(lease?.id ?? '');
  await clock.advance(10_000);
  t.notOk(endpoints.alive.has('default-1'));
  t.ok(endpoints.alive.has('default-2'));
  t.match(await outcome(pools.acquire({ tenant: 'a' })), { value: [{ source: 'warm' }] });
});

t.test(
  'endpoints whose namespaces others unmounted are destroyed at the acquire that finds them, and never leased',
  async (t) => {
    const made = world({ pools: [{ minReady: 2, max: 4 }] });
    const { pools, clock, endpoints } = made;
    await clock.advance(100);
    endpoints.unmounted.add('default-1');
    t.match(await outcome(pools.acquire({ tenant: 'a' })), {
      value: [{ source: 'warm', netns: { path: /\/default-2$/ } }],
    });
    await clock.advance(1000);
    t.notOk(endpoints.alive.has('default-1'));
    endpoints.unmounted.add('default-3').add('default-4');
    const acquired = outcome(pools.acquire({ tenant: 'a' }));
    await clock.advance(1000);
    t.match(await acquired, { value: [{ source: 'cold', netns: { path: /\/default-5$/ } }] });
  },
);
