import t from 'tap';
import type { AddressCooldown } from '../../../src/pool/index.js';
import { outcome, type Sizes, world } from './fakes.js';

const SMALL: Sizes = { minReady: 0, max: 2, capacity: 2, addressCooldownSeconds: 30 };

t.test(
  'the address of a replaced endpoint is used again as soon as its cooldown has ended, and not before',
  async (t) => {
    const { pools, clock, endpoints } = world({ pools: [SMALL] });
    const [first] = await both(pools.acquire({ count: 2 }), clock);
    pools.release(first?.id as string);
    await clock.settle();
    const got = outcome(pools.acquire({ waitSeconds: 60 }));
    await clock.advance(29_999);
    t.equal(endpoints.log.filter(({ kind }) => kind === 'build').length, 1, 'nothing was built meanwhile');
    t.match(pools.poolStatus('default'), { leased: 1, building: 0, trouble: /1 are in cooldown/ });
    await clock.advance(1);
    t.match(await got, { value: [{ source: 'cold', addresses: first?.addresses }], error: null });
    t.match(pools.poolStatus('default'), { leased: 2, trouble: null });
    t.same(endpoints.faults, []);
  },
);

t.test(
  'an acquire that does not wait for a cooldown is told how many addresses are in cooldown and for how long',
  async (t) => {
    const { pools, clock } = world({ pools: [SMALL] });
    const [first] = await both(pools.acquire({ count: 2 }), clock);
    pools.release(first?.id as string);
    await clock.advance(10_000);
    const refused = (nextSeconds: number) => ({
      code: 'pool_exhausted',
      message: new RegExp(`1 are in cooldown, the next for ${nextSeconds} s more.*address_cooldown_seconds`),
      details: { inCooldown: 1, nextSeconds },
    });
    await t.rejects(pools.acquire({}), refused(20));
    const waiting = t.rejects(pools.acquire({ waitSeconds: 5 }), refused(15));
    await clock.advance(5_000);
    await waiting;
    await t.rejects(pools.acquire({ count: 2 }), { code: 'pool_exhausted', message: /max of 2|in cooldown/ });
  },
);

t.test('a pool at its max says so, even if addresses are in cooldown', async (t) => {
  const { pools, clock } = world({ pools: [{ ...SMALL, max: 1 }] });
  await both(pools.acquire({}), clock);
  await t.rejects(pools.acquire({}), { code: 'pool_exhausted', message: /its max of 1/ });
});

t.test('acquires that wait for addresses are served in the order in which they came', async (t) => {
  const { pools, clock } = world({ pools: [SMALL] });
  const leases = await both(pools.acquire({ count: 2 }), clock);
  const order: string[] = [];
  const waiting = ['a', 'b'].map((containerId) =>
    pools.acquire({ containerId, waitSeconds: 100 }).then(() => order.push(containerId)),
  );
  for (const { id } of leases) {
    pools.release(id);
    await clock.advance(1_000);
  }
  await clock.advance(27_999);
  t.same(order, []);
  await clock.advance(1);
  t.same(order, ['a']);
  await clock.advance(1_000);
  t.same(order, ['a', 'b']);
  await Promise.all(waiting);
});

t.test('a refill waits until cooldowns end, without a failed build', async (t) => {
  const { pools, clock, logged } = world({ pools: [{ ...SMALL, minReady: 2 }] });
  await clock.settle();
  const [lease] = await pools.acquire({});
  pools.release(lease?.id as string);
  await clock.advance(1_000);
  t.match(pools.poolStatus('default'), { ready: 1, building: 0, buildFailures: 0, trouble: /no address is free/ });
  t.equal(logged.filter((line) => /addresses in cooldown/.test(line)).length, 1);
  await clock.advance(29_000);
  t.match(pools.poolStatus('default'), { ready: 2, buildFailures: 0, trouble: null });
});

t.test('the address of an unused endpoint has no cooldown: failed builds and surplus cost none', async (t) => {
  const { pools, clock, endpoints } = world({ pools: [{ ...SMALL, minReady: 2 }] });
  await clock.settle();
  pools.resize('default', { minReady: 0, max: 2 });
  await clock.settle();
  t.match(pools.poolStatus('default'), { ready: 0 });
  endpoints.failBuilds = true;
  for (let i = 0; i < 4; i += 1)
    t.match(await both(outcome(pools.acquire({})), clock), { error: { code: 'build_failed' } });
  endpoints.failBuilds = false;
  t.equal((await both(pools.acquire({ count: 2 }), clock)).length, 2);
});

t.test('a reused endpoint keeps its address, without a cooldown', async (t) => {
  const { pools, clock } = world({ pools: [{ ...SMALL, minReady: 1, max: 1, capacity: 1, recycle: 'verify' }] });
  const [first] = await both(pools.acquire({}), clock);
  pools.release(first?.id as string);
  await clock.settle();
  t.match(await pools.acquire({}), [{ source: 'warm', addresses: first?.addresses }]);
});

t.test('an acquire that waits for an address evicts no more endpoints of other tenants than it needs', async (t) => {
  const { pools, clock } = world({
    pools: [{ ...SMALL, max: 4, capacity: 4, recycle: 'verify', sizing: 'demand', idleSeconds: 10_000 }],
  });
  const leases = await both(pools.acquire({ count: 4, tenant: 'a' }), clock);
  for (const { id } of leases) pools.release(id);
  await clock.settle();
  const got = outcome(pools.acquire({ tenant: 'b', waitSeconds: 60 }));
  await clock.advance(10_000);
  t.match(pools.poolStatus('default'), { ready: 3, destroying: 0 });
  await clock.advance(20_000);
  t.match(await got, { value: [{ tenant: 'b' }] });
});

t.test(
  'cooldowns are recorded before the record of the endpoint is removed, and continue in the next daemon',
  async (t) => {
    const recorded: AddressCooldown[] = [];
    const addressCooldowns = {
      add: (_pool: string, cooldown: AddressCooldown) => void recorded.push(cooldown),
      of: () => recorded,
    };
    const before = world({ pools: [SMALL], addressCooldowns });
    const leases = await both(before.pools.acquire({ count: 2 }), before.clock);
    const remove = before.records.remove.bind(before.records);
    before.records.remove = (key, state) => {
      t.equal(recorded.at(-1)?.index, key.index, 'its cooldown is recorded before its record is removed');
      remove(key, state);
    };
    before.pools.release(leases[1]?.id as string);
    await before.clock.settle();
    t.same(recorded, [{ index: 1, sinceMs: 0 }]);
    await before.pools.close();
    const { pools, clock } = world({
      pools: [SMALL],
      addressCooldowns,
      adopted: [...before.records.onDisk.values()],
      seq: 9,
    });
    const got = outcome(pools.acquire({ waitSeconds: 60 }));
    await clock.advance(29_999);
    t.equal(pools.leases().length, 1);
    await clock.advance(1);
    t.match(await got, { value: [{ addresses: leases[1]?.addresses }] });
  },
);

/** What `work` resolves with when everything that is due has happened. */
async function both<T>(work: Promise<T>, clock: { settle(): Promise<void> }): Promise<T> {
  await clock.settle();
  return work;
}
