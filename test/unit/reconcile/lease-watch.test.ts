import t from 'tap';
import type { EndpointRecord } from '../../../src/pool/index.js';
import { LeaseWatch, leaseTimes } from '../../../src/reconcile/lease-watch.js';

const TIMES = { goneAfterMs: 300, unusedAfterMs: 3600 };
const ALL = { wholeMachine: true, others: true };

function leased(container?: 'awaited' | 'seen', id = 'a'): EndpointRecord {
  return { state: 'leased', lease: { id, ...(container && { container }) } } as unknown as EndpointRecord;
}

/** One lease looked at again and again. */
function watch({ sight = ALL, times = TIMES } = {}) {
  const leases = new LeaseWatch();
  return {
    leases,
    look: (record: EndpointRecord, nowMs: number, isInside = false) =>
      leases.judge(record, { isInside, nowMs, sight, times }),
  };
}

t.test('a lease that was made for no container stays, empty or not', async (t) => {
  const { look } = watch();
  for (const nowMs of [0, 1e6, 1e9]) t.equal(look(leased(), nowMs), 'stays');
});

t.test('a container that came is seen once', async (t) => {
  const { look } = watch();
  t.equal(look(leased('awaited'), 0, true), 'seen');
  t.equal(look(leased('seen'), 1, true), 'stays');
});

t.test('a container that was seen is gone when nobody was inside for long enough', async (t) => {
  const { look } = watch();
  look(leased('seen'), 0, true);
  t.equal(look(leased('seen'), 100), 'stays', 'time begins');
  t.equal(look(leased('seen'), 399), 'stays');
  t.equal(look(leased('seen'), 400), 'gone');
});

t.test('who comes back in between has all the time again', async (t) => {
  const { look } = watch();
  t.equal(look(leased('seen'), 0), 'stays');
  t.equal(look(leased('seen'), 250, true), 'stays');
  t.equal(look(leased('seen'), 400), 'stays');
  t.equal(look(leased('seen'), 699), 'stays');
  t.equal(look(leased('seen'), 700), 'gone');
});

t.test('a lease whose container never came is unused after its own, longer time', async (t) => {
  const { look } = watch();
  t.equal(look(leased('awaited'), 0), 'stays');
  t.equal(look(leased('awaited'), 3599), 'stays');
  t.equal(look(leased('awaited'), 3600), 'unused');
});

t.test('0 turns either off', async (t) => {
  const { look } = watch({ times: { goneAfterMs: 0, unusedAfterMs: 0 } });
  for (const state of ['awaited', 'seen'] as const) {
    look(leased(state, state), 0);
    t.equal(look(leased(state, state), 1e9), 'stays', state);
  }
});

t.test('who cannot see every process takes no container for one that never came', async (t) => {
  const { look } = watch({ sight: { wholeMachine: false, others: true } });
  look(leased('awaited'), 0);
  t.equal(look(leased('awaited'), 1e9), 'stays');
  look(leased('seen', 'b'), 0);
  t.equal(look(leased('seen', 'b'), 300), 'gone', 'one that could be seen once');
});

t.test('who may not see where others stand takes no container for gone', async (t) => {
  const { look } = watch({ sight: { wholeMachine: true, others: false } });
  for (const state of ['awaited', 'seen'] as const) {
    look(leased(state, state), 0);
    t.equal(look(leased(state, state), 1e9), 'stays', state);
  }
});

t.test('of a lease that has ended nothing is remembered', async (t) => {
  const { leases, look } = watch();
  look(leased('seen'), 0);
  leases.keep(new Set());
  t.equal(look(leased('seen'), 1000), 'stays', 'it counts anew');
});

t.test('each pool has the times of its configuration', async (t) => {
  const pool = { name: 'a', goneAfterSeconds: 2, unusedAfterSeconds: 0 };
  const times = leaseTimes({ pools: [pool as never] });
  t.same(times('a'), { goneAfterMs: 2000, unusedAfterMs: 0 });
  t.same(times('other'), { goneAfterMs: 0, unusedAfterMs: 0 });
});
