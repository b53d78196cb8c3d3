import t from 'tap';
import type { EndpointRecord, EndpointState } from '../../../src/pool/index.js';
import { factsOf, world } from './fakes.js';

function recordOf(seq: number, state: EndpointState, change: Partial<EndpointRecord> = {}): EndpointRecord {
  const key = { id: `default-${seq}`, pool: 'default', index: seq - 1, seq };
  const lease =
    state === 'leased'
      ? {
          id: seq.toString(16).padStart(16, '0'),
          containerId: `c${seq}`,
          tenant: 'a',
          trust: 'unknown' as const,
          source: 'warm' as const,
          acquiredAt: '2025-12-31T23:59:00.000Z',
          expiresAt: null,
        }
      : null;
  return { ...key, state, facts: factsOf(key), lease, tenant: null, reason: null, ...change };
}

t.test('a restart takes over leases with their ids and terms, and ready endpoints in order', async (t) => {
  const { pools, clock, endpoints } = world({
    adopted: [recordOf(7, 'ready'), recordOf(3, 'leased'), recordOf(5, 'ready')],
    seq: 7,
    pools: [{ minReady: 2 }],
  });
  await clock.settle();
  t.equal(endpoints.log.length, 0, 'nothing had to be built');
  t.match(await pools.acquire({ containerId: 'c3', tenant: 'a' }), [{ id: '0000000000000003', source: 'warm' }]);
  t.match(await pools.acquire({}), [{ netns: { path: '/run/netns/default-5' } }]);
  await clock.settle();
  t.equal(pools.release('0000000000000003'), true);
  await clock.advance(25);
  t.match(pools.poolStatus('default'), { ready: 2, leased: 1 }, 'when the burst of acquires is over');
  t.same(endpoints.faults, [], 'no address twice');
});

t.test("a restart destroys endpoints that are neither ready nor leased, or have another's address", async (t) => {
  const { pools, clock, endpoints, records } = world({
    adopted: [
      recordOf(1, 'building', { facts: null }),
      recordOf(2, 'dirty'),
      recordOf(3, 'destroying'),
      recordOf(4, 'broken', { reason: 'busy' }),
      recordOf(5, 'leased'),
      recordOf(6, 'ready', { index: 4 }),
      recordOf(7, 'ready', { index: 999 }),
    ],
    seq: 7,
    pools: [{ minReady: 0 }],
  });
  await clock.settle();
  t.same([...endpoints.alive.keys()], ['default-5']);
  t.same([...records.onDisk.keys()], ['default-5']);
  t.same(records.faults, []);
  t.match(pools.poolStatus('default'), { leased: 1, ready: 0, dirty: 0, broken: 0, destroying: 0, building: 0 });
});

t.test('a lease that expired while no daemon ran ends at start', async (t) => {
  const record = recordOf(1, 'leased');
  const lease = record.lease && { ...record.lease, expiresAt: '2025-12-31T23:59:30.000Z' };
  const { pools, clock } = world({ adopted: [{ ...record, lease }], seq: 1 });
  await clock.settle();
  t.same(pools.leases(), []);
});

t.test('closing refuses new and waiting acquires, waits for requests under way, and keeps endpoints', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 1, max: 3 }] });
  await clock.settle();
  const [lease] = await pools.acquire({ ttlSeconds: 60 });
  endpoints.manual = true;
  const waiting = t.rejects(pools.acquire({ count: 2 }), { code: 'shutting_down' });
  let closed = false;
  const closing = pools.close().then(() => (closed = true));
  await waiting;
  await t.rejects(pools.acquire({}), { code: 'shutting_down' });
  await clock.settle();
  t.equal(closed, false);
  for (const request of [...endpoints.requests]) request.answer();
  await closing;
  await clock.advance(100_000);
  t.match(pools.poolStatus('default'), { leased: 1, ready: 2, building: 0 });
  t.equal(clock.pending, 0, 'no timer keeps the process alive');
  pools.release(lease?.id as string);
  await clock.settle();
  t.match(records.onDisk.get('default-1'), { state: 'dirty' }, 'what is released now is cleaned up by the next start');
});

t.test('draining destroys all but leased endpoints, and returns those that could not be destroyed', async (t) => {
  const { pools, clock, endpoints, records } = world({ pools: [{ minReady: 3 }] });
  await clock.settle();
  await pools.acquire({});
  await clock.settle();
  endpoints.manual = true;
  const draining = pools.drain();
  await clock.settle();
  endpoints.requests[0]?.answer((position) => position === 1);
  t.same(await draining, ['default-3']);
  t.same(
    [...records.onDisk.values()].map(({ id, state }) => `${id} ${state}`),
    ['default-1 leased', 'default-3 broken'],
  );
});
