import fc from 'fast-check';
import t from 'tap';
import { Demand } from '../../../../src/pool/sizing/demand.js';
import { IdleFloor } from '../../../../src/pool/sizing/idle-floor.js';
import { DemandSizing, FixedSizing, orderFor, surplusAbove } from '../../../../src/pool/sizing/sizing.js';

const OPTIONS = { idleMs: 80_000, quietMs: 25, batch: 16 };
const SIZE = { minReady: 2, max: 100 };

/** Acquires at growing times: [milliseconds since the one before, count]. */
const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 60 })), {
  maxLength: 60,
});
const supplies = fc.record({
  ready: fc.nat(150),
  coming: fc.nat(50),
  waiting: fc.nat(50),
  leased: fc.nat(100),
  minReady: fc.nat(100),
  room: fc.nat(100),
});

t.test(
  'the target is a quarter more than what the refill could not make up for, so the same burst is served warm',
  async (t) => {
    const demand = new Demand(OPTIONS, 0);
    t.equal(demand.level(0), 0, 'nothing is known yet');
    demand.built(16, 16);
    for (let i = 0; i < 40; i += 1) demand.acquired(1, 1000);
    t.equal(demand.level(1000), 50);
  },
);

t.test('slower builds give a higher target for the same rate', async (t) => {
  const levels = [1, 10, 50].map((buildMs) => {
    const demand = new Demand(OPTIONS, 0);
    demand.built(1, buildMs);
    for (let at = 0; at < 5000; at += 20) demand.acquired(1, at);
    return demand.level(5000);
  });
  // 50 a second; a refill begins after 25 ms and a batch: 41, 185 and 825 ms, and at 50 ms a build it cannot keep up.
  const [quick = 0, slower = 0, tooSlow = 0] = levels;
  t.ok(quick >= 3 && quick <= 5, `quick builds: ${quick}`);
  t.ok(slower >= 10 && slower <= 15, `slower builds: ${slower}`);
  t.ok(tooSlow > 150, `30 a second are missing for 5 s: ${tooSlow}`);
});

t.test('the build time is a moving average for each endpoint', async (t) => {
  const demand = new Demand(OPTIONS, 0);
  demand.built(10, 100);
  t.equal(demand.buildMs, 10, 'the first one counts alone');
  demand.built(1, 20);
  t.equal(demand.buildMs, 12);
});

t.test(
  'a burst counts in full for the idle time, then halves after each further idle time, then not at all',
  async (t) => {
    const demand = new Demand(OPTIONS, 0);
    demand.acquired(80, 1000);
    t.equal(demand.level(81_000), 100, 'in full for idleMs');
    const half = demand.level(91_000 + 80_000);
    t.ok(half >= 45 && half <= 55, `half a while later: ${half}`);
    t.notOk(demand.quiet);
    t.equal(demand.level(3_000_000), 0);
    t.ok(demand.quiet, 'nothing is left to fade');
  },
);

t.test('without acquires the target only falls, down to the floor; it never leaves its bounds', async () => {
  fc.assert(
    fc.property(arrivals, (series) => {
      const sizing = new DemandSizing({ idleSeconds: 80, buildBatch: 16 }, 0);
      let nowMs = 0;
      for (const [laterMs, count] of series) {
        nowMs += laterMs;
        sizing.acquired(count, nowMs);
        const target = sizing.target(SIZE, nowMs);
        if (target < SIZE.minReady || target > SIZE.max || !Number.isInteger(target)) return false;
      }
      let before = sizing.target(SIZE, nowMs);
      for (let i = 0; i < 300; i += 1) {
        nowMs += 7777;
        const target = sizing.target(SIZE, nowMs);
        if (target > before || target < SIZE.minReady) return false;
        before = target;
      }
      return before === SIZE.minReady;
    }),
  );
});

t.test('more acquires at the same times never give a lower target, nor do slower builds', async () => {
  const more = fc.array(fc.nat(20), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(arrivals, more, fc.integer({ min: 1, max: 20 }), (series, extra, buildMs) => {
      const [less, greater, slower] = [new Demand(OPTIONS, 0), new Demand(OPTIONS, 0), new Demand(OPTIONS, 0)];
      less.built(1, buildMs);
      greater.built(1, buildMs);
      slower.built(1, buildMs * 1.7);
      let nowMs = 0;
      for (const [index, [laterMs, count]] of series.entries()) {
        nowMs += laterMs;
        less.acquired(count, nowMs);
        greater.acquired(count + (extra[index] ?? 0), nowMs);
        slower.acquired(count, nowMs);
        const level = less.level(nowMs);
        if (greater.level(nowMs) < level || slower.level(nowMs) < level) return false;
      }
      return true;
    }),
  );
});

t.test('the target is at least the largest group of acquires within the last idle time', async () => {
  fc.assert(
    fc.property(arrivals, (series) => {
      const demand = new Demand(OPTIONS, 0);
      const seen: { atMs: number; count: number }[] = [];
      let nowMs = 0;
      for (const [laterMs, count] of series) {
        nowMs += laterMs;
        demand.acquired(count, nowMs);
        seen.push({ atMs: nowMs, count });
        const largest = Math.max(...seen.filter(({ atMs }) => atMs > nowMs - OPTIONS.idleMs).map((one) => one.count));
        if (demand.level(nowMs) < largest) return false;
      }
      return true;
    }),
  );
});

t.test('endpoints that are coming are not ordered twice, and nothing is ordered beyond max', async () => {
  fc.assert(
    fc.property(supplies, fc.boolean(), ({ room, leased, ...rest }, demanding) => {
      const existing = rest.ready + rest.coming + leased;
      const max = Math.max(1, rest.minReady, existing - 20 + room);
      const supply = { ...rest, existing, max };
      const sizing = demanding ? new DemandSizing({ idleSeconds: 80, buildBatch: 16 }, 0) : new FixedSizing();
      const { order, surplus } = sizing.plan(supply, 0);
      const after = { ...supply, coming: supply.coming + order, existing: existing + order };
      const again = sizing.plan(after, 0);
      const enough = supply.ready + supply.coming - supply.waiting >= supply.minReady;
      return (
        order >= 0 &&
        surplus >= 0 &&
        surplus <= Math.max(0, supply.ready - supply.waiting) &&
        (order === 0 || existing + order <= max) &&
        (order === 0) === (enough || existing >= max) &&
        again.order === 0
      );
    }),
  );
  t.equal(orderFor(5, { ...SIZE, ready: 1, coming: 2, waiting: 0, existing: 3 }), 2);
  t.equal(surplusAbove(5, { ...SIZE, ready: 9, coming: 2, waiting: 1, existing: 11 }), 3);
});

t.test('idle endpoints are destroyed a few at a time, once they were not needed for a while', async (t) => {
  const sizing = new DemandSizing({ idleSeconds: 80, buildBatch: 16 }, 0);
  const supply = { ...SIZE, ready: 42, coming: 0, waiting: 0, existing: 42 };
  const goneAt = new Map<number, number>();
  for (let nowMs = 0; nowMs < 400_000; nowMs += 500) {
    const { surplus, order, againMs } = sizing.plan(supply, nowMs);
    t.equal(order, 0);
    if (surplus > 0) goneAt.set(nowMs, surplus);
    if (supply.ready > SIZE.minReady) t.ok(againMs !== null && againMs <= 80_000, 'it will be looked at again');
    supply.ready -= surplus;
    supply.existing -= surplus;
  }
  t.ok(Math.min(...goneAt.keys()) >= 8000, 'not before a tenth of the idle time is over');
  t.ok(Math.max(...goneAt.values()) <= 5, 'a few');
  t.equal(supply.ready, SIZE.minReady, 'down to the floor');
  t.equal(sizing.plan(supply, 500_000).againMs, null, 'and then there is nothing to look at');
});

t.test('the idle floor is the smallest number that was ready within the time', async () => {
  const change = fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.nat(50));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 50 }), (changes) => {
      const floor = new IdleFloor(80_000, 0);
      const history: { fromMs: number; ready: number }[] = [{ fromMs: 0, ready: 0 }];
      let nowMs = 0;
      for (const [laterMs, ready] of changes) {
        nowMs += laterMs;
        floor.readyNow(ready, nowMs);
        history.push({ fromMs: nowMs, ready });
        // Parts of 10 s: it looks back for the time, and for one part more at the most.
        const since = (ms: number) =>
          Math.min(
            ...history
              .filter((_, i) => (history[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY) > ms)
              .map((one) => one.ready),
          );
        const least = floor.least(nowMs);
        if (least > since(nowMs - 80_000) || least < since(nowMs - 90_001)) return false;
      }
      return true;
    }),
  );
});
