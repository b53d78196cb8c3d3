import t from 'tap';
import type { EndpointRecord, Lease } from '../../../src/pool/index.js';
import { factsOf, outcome, world } from './fakes.js';
import { acquire, endpointOf, verifying } from './verifying.js';

t.test('a pristine endpoint is ready again for the same tenant, and its event says how it was verified', async (t) => {
  const made = await verifying();
  const { pools, clock, events, records } = made;
  const first = await acquire(made);
  pools.release(first.id);
  t.match(pools.poolStatus('default'), { dirty: 1 }, 'in sight until it is judged');
  await clock.advance(100);
  t.match(events.at(-1), { type: 'ready', endpoint: 'default-1', reason: 'proof' });
  t.match(pools.poolStatus('default'), { dirty: 0, recycledByProof: 1, replaced: 0 });
  t.match(records.onDisk.get('default-1'), { state: 'ready', tenant: 'a', lease: null });
  t.equal(endpointOf(await acquire(made)), 'default-1');
});

t.test('an endpoint that deviates is replaced; record, event, counts and inspect give the reason', async (t) => {
  const made = await verifying();
  const { pools, clock, endpoints, events, records } = made;
  const lease = await acquire(made);
  endpoints.traces.set('default-1', { kind: 'links', text: 'MTU changed' });
  pools.release(lease.id);
  await clock.advance(100);
  const reason = 'links: MTU changed';
  t.match(
    events.find(({ type }) => type === 'destroyed'),
    { endpoint: 'default-1', reason },
  );
  t.match(pools.poolStatus('default'), { replaced: 1, replacedFor: { links: 1 }, ready: 1 });
  t.notOk(records.onDisk.has('default-1'));
  const endpoint = pools.endpoint('default-1');
  t.match(endpoint, { id: 'default-1', pool: 'default', state: 'gone', tenant: null, lease: null, reason });
  t.match(endpoint?.replaced, { kind: 'links', text: 'MTU changed' });
  t.same(
    endpoint?.events.map(({ type }) => type),
    ['ready', 'leased', 'released', 'destroyed'],
  );
  t.notOk(endpoint && 'netns' in endpoint, 'it is nowhere');
});

t.test('the status of an endpoint has its state, tenant and lease, in every state', async (t) => {
  const made = await verifying();
  const { pools, clock, endpoints } = made;
  t.match(pools.endpoint('default-1'), { state: 'ready', tenant: null, lease: null, events: [{ type: 'ready' }] });
  const lease = await acquire(made);
  const { netns, interface: link, addresses } = lease;
  t.match(pools.endpoint('default-1'), { state: 'leased', lease: lease.id, netns, interface: link, addresses });
  t.notOk('replaced' in (pools.endpoint('default-1') ?? {}));
  endpoints.manual = true;
  endpoints.traces.set('default-1', { kind: 'routes', text: '1 more' });
  pools.release(lease.id);
  t.match(pools.endpoint('default-1'), { state: 'dirty', tenant: 'a', lease: null, reason: 'released' });
  await clock.settle();
  t.match(pools.endpoint('default-1'), {
    state: 'destroying',
    reason: 'routes: 1 more',
    replaced: { kind: 'routes', text: '1 more' },
  });
  t.match(pools.endpoint('default-2'), { state: 'building', events: [] });
  for (const unknown of ['default-99', 'default', '', '-', 'other-1', 'default-1-1'])
    t.equal(pools.endpoint(unknown), undefined, unknown);
});

t.test('the last 512 events of all endpoints are remembered', async (t) => {
  const made = await verifying({ max: 2 });
  const { pools, clock } = made;
  for (let round = 0; round < 180; round += 1) {
    pools.release((await acquire(made)).id);
    await clock.advance(100);
  }
  const events = pools.endpoint('default-1')?.events ?? [];
  const all = made.events.filter(({ endpoint }) => endpoint === 'default-1');
  t.ok(all.length > 512, `${all.length} events`);
  t.ok(events.length <= 512);
  t.same(events, all.slice(-events.length), 'the newest, in their order and as they were sent');
});

t.test('an endpoint released with a process inside is kept until it is empty', async (t) => {
  const made = await verifying();
  const { pools, clock, endpoints } = made;
  const lease = await acquire(made);
  endpoints.inside.set(lease.netns.inode, [4711]);
  const occupants = pools.occupants([lease.id, 'none']);
  await clock.settle();
  t.same(await occupants, [[4711], []], 'the API asks first');
  pools.release(lease.id);
  await clock.advance(5000);
  t.match(pools.poolStatus('default'), { dirty: 1, replaced: 0 });
  t.ok(endpoints.alive.has('default-1'), 'its network is not taken away under the container');
  endpoints.inside.clear();
  await clock.advance(1000);
  t.match(pools.poolStatus('default'), { dirty: 0, replacedFor: { 'process inside': 1 } });
  t.notOk(endpoints.alive.has('default-1'));
});

t.test('an endpoint that an earlier daemon did not verify is replaced once it is empty', async (t) => {
  const key = { id: 'default-7', pool: 'default', index: 3, seq: 7 };
  const record: EndpointRecord = {
    ...key,
    state: 'dirty',
    facts: factsOf(key),
    lease: null,
    tenant: 'a',
    reason: 'released',
  };
  const { pools, clock, endpoints } = world({ pools: [{ recycle: 'verify', minReady: 1 }], adopted: [record], seq: 7 });
  endpoints.inside.set(factsOf(key).netns.inode, [4711]);
  await clock.advance(5000);
  t.match(pools.endpoint('default-7'), { state: 'dirty', tenant: 'a' });
  endpoints.inside.clear();
  await clock.advance(1000);
  t.match(pools.endpoint('default-7'), { state: 'gone', replaced: { kind: 'process inside' } });
  t.same(endpoints.checks, [], 'without a check');
});

t.test('a pristine endpoint whose record cannot be written is destroyed', async (t) => {
  const made = await verifying();
  const { pools, clock, records, endpoints } = made;
  let answer = () => {};
  endpoints.holdChecks = new Promise((resolve) => {
    answer = resolve;
  });
  const lease = await acquire(made);
  pools.release(lease.id);
  await clock.settle();
  records.full = true;
  answer();
  await clock.settle();
  records.full = false;
  await clock.advance(1000);
  t.match(pools.endpoint('default-1'), { state: 'gone', reason: 'not recorded as ready' });
  t.match(pools.poolStatus('default'), { recycledByProof: 0, lastError: /no space left/ });
});

t.test('draining destroys endpoints that were not verified yet', async (t) => {
  const made = await verifying();
  const { pools, clock, endpoints } = made;
  const lease = await acquire(made);
  endpoints.inside.set(lease.netns.inode, [4711]);
  pools.release(lease.id);
  await clock.settle();
  const drained = pools.drain();
  await clock.settle();
  t.same(await drained, []);
  t.equal(endpoints.alive.size, 0);
});

t.test(
  'at max, an acquire without a wait gets the endpoint being verified, or fails when that is replaced',
  async (t) => {
    const made = await verifying({ minReady: 1, max: 1 });
    const { pools, clock, endpoints } = made;
    const first = await acquire(made);
    pools.release(first.id);
    const next = pools.acquire({ tenant: 'a' });
    await clock.settle();
    const [second] = await next;
    t.equal(endpointOf(second as Lease), endpointOf(first), 'although it was not ready when it was asked for');
    endpoints.traces.set('default-1', { kind: 'links', text: 'MTU changed' });
    pools.release((second as Lease).id);
    const lost = outcome(pools.acquire({ tenant: 'a' }));
    await clock.settle();
    t.match(await lost, { error: { code: 'pool_exhausted' } });
    await clock.advance(100);
    t.match(pools.poolStatus('default'), { ready: 1, replaced: 1 });
  },
);

t.test('on a busy machine verification is deferred, but never an acquire', async (t) => {
  const { pools, clock } = world({ pools: [{ recycle: 'verify', minReady: 2, max: 2 }], isBusy: () => true });
  await clock.advance(1000);
  const leases = await pools.acquire({ tenant: 'a', count: 2 });
  const [third] = leases.splice(1);
  pools.release(leases[0]?.id as string);
  await clock.advance(50);
  t.match(pools.poolStatus('default'), { dirty: 0, ready: 1 }, 'not while there are acquires');
  await clock.advance(100);
  pools.release(third?.id as string);
  await clock.advance(100);
  t.match(pools.poolStatus('default'), { dirty: 1, ready: 1 }, 'put off');
  const again = pools.acquire({ tenant: 'a', count: 2 });
  await clock.settle();
  t.equal((await again).length, 2);
  t.match(pools.poolStatus('default'), { leased: 2 });
});
