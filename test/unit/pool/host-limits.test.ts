import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import { outcome, world } from './fakes.js';

t.test('a full disk loses no endpoint: one that cannot be recorded as leased is ready as before', async (t) => {
  const { pools, clock, records, endpoints, logged, events } = world({ pools: [{ minReady: 3, max: 6 }] });
  await clock.settle();
  records.full = true;
  for (let i = 0; i < 20; i += 1) {
    const { error } = await outcome(pools.acquire({}));
    t.equal(error?.code, 'state_write_failed');
  }
  t.match(pools.poolStatus('default'), { ready: 3, leased: 0, dirty: 0, trouble: 'no space left' });
  t.equal(endpoints.alive.size, 3, 'none was destroyed');
  t.equal(logged.filter((line) => line.startsWith('failed to write records')).length, 1, 'it is said once');
  t.notOk(events.some(({ type }) => type === 'broken'));
  records.full = false;
  await clock.advance(60_000);
  t.match(pools.poolStatus('default'), { ready: 3, trouble: null });
  t.equal(logged.filter((line) => line === 'records are written again').length, 1, 'and that it is over, by itself');
  t.same(records.faults, []);
  t.equal((await pools.acquire({})).length, 1);
  await pools.close();
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('a release succeeds while the disk is full, and is recorded when there is room', async (t) => {
  const { pools, clock, records, logged } = world({ pools: [{ minReady: 1, max: 4 }] });
  await clock.settle();
  const leases = [...(await pools.acquire({})), ...(await pools.acquire({}))];
  await clock.settle();
  records.full = true;
  for (const { id } of leases) t.equal(pools.release(id), true);
  await clock.settle();
  t.equal(logged.filter((line) => line.startsWith('failed to write records')).length, 1);
  t.equal(pools.leases().length, 0);
  records.full = false;
  await clock.advance(60_000);
  t.match(pools.poolStatus('default'), { ready: 1, leased: 0, dirty: 0, trouble: null });
  t.equal(records.count('leased'), 0, 'no record says leased any more');
  await pools.close();
});

t.test('a disk that has room for one record at a time counts as full', async (t) => {
  const { pools, clock, records, logged } = world({ pools: [{ minReady: 2, max: 4 }] });
  await clock.settle();
  records.full = true;
  t.match((await outcome(pools.acquire({}))).error?.code, 'state_write_failed');
  const write = records.write.bind(records);
  let room = 0;
  records.full = false;
  records.write = (record, previous) => {
    room -= 1;
    if (room < 0) throw new NetnsdError('state_write_failed', 'no space left');
    write(record, previous);
  };
  pools.resize('default', { minReady: 4 });
  for (let i = 0; i < 3000; i += 1) {
    room = 1;
    await clock.advance(100);
  }
  const begun = logged.filter((line) => line.startsWith('failed to write records')).length;
  t.ok(begun > 0 && begun <= 12, `said ${begun} times in five minutes`);
  records.write = write;
  await clock.advance(61_000);
  t.match(pools.poolStatus('default'), { ready: 4, trouble: null });
  t.equal(logged.filter((line) => line === 'records are written again').length, begun);
  t.same(records.faults, []);
  await pools.close();
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('a pool whose builds all fail retries with backoff, logs that once, and fills when it can', async (t) => {
  const { pools, clock, endpoints, logged } = world({ pools: [{ minReady: 4, max: 8 }] });
  endpoints.failBuilds = true;
  await clock.advance(120_000);
  const tries = endpoints.log.filter(({ kind }) => kind === 'build').length;
  t.ok(tries > 5 && tries < 20, `${tries} tries in two minutes`);
  t.match(pools.poolStatus('default'), { ready: 0, building: 0, trouble: /^no link for default-\d+$/ });
  t.equal(logged.filter((line) => line.startsWith('failed to build endpoints ahead')).length, 1);
  endpoints.failBuilds = false;
  await clock.advance(30_000);
  t.match(pools.poolStatus('default'), { ready: 4, trouble: null });
  t.equal(logged.filter((line) => line === 'endpoints are built ahead again').length, 1);
  await pools.close();
});

t.test('a wall clock set while no daemon ran does not change when a lease expires', async (t) => {
  const before = world({ pools: [{ minReady: 1, max: 4 }] });
  await before.clock.settle();
  const [lease] = await before.pools.acquire({ ttlSeconds: 3600 });
  const adopted = [...before.records.onDisk.values()].filter(({ state }) => state === 'leased');
  t.equal(adopted.length, 1);
  await before.pools.close();
  const after = world({ pools: [{ minReady: 1, max: 4 }], adopted, seq: 100, jumpMs: 365 * 24 * 3_600_000 });
  await after.clock.advance(3_500_000);
  t.ok(after.pools.lease(lease?.id as string), 'it stands');
  await after.clock.advance(200_000);
  t.equal(after.pools.lease(lease?.id as string), undefined, 'until its hour is over');
  await after.pools.close();
});

t.test('a wall clock that jumps does not change when a lease expires', async (t) => {
  const { pools, clock } = world({ pools: [{ minReady: 1, max: 4 }] });
  await clock.settle();
  const [hour] = await pools.acquire({ ttlSeconds: 3600 });
  clock.jump(365 * 24 * 3_600_000);
  await clock.advance(60_000);
  t.ok(pools.lease(hour?.id as string), 'a year ahead: it stands');
  clock.jump(-2 * 365 * 24 * 3_600_000);
  await clock.advance(3_600_000);
  t.equal(pools.lease(hour?.id as string), undefined, 'two years back: it ended when its hour was over');
  await pools.close();
});
