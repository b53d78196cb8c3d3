import t from 'tap';
import type { EndpointRecord } from '../../../../src/pool/index.js';
import { LeaseWatch, leaseTimes } from '../../../../src/reconcile/running/lease-watch.js';

const TIMES = { goneAfterMs: 300, unusedAfterMs: 3600 };
const ALL = { wholeMachine: true, others: true };

function leased(container?: 'awaited' | 'seen', id = 'a'): EndpointRecord {
  return { state: 'leased', lease: { id, ...(container && { container }) } } as unknown as EndpointRecord;
}

/** Surveys of one lease. */
function watch({ sight = ALL, times = TIMES } = {}) {
  const leases = new LeaseWatch();
  return {
    leases,
    look: (record: EndpointRecord, nowMs: number, isInside = false) =>
      leases.observe(record, { isInside, nowMs, sight, times }),
  };
}

t.test('a lease that was made for no container never ends', async (t) => {
  const { look } = watch();
  for (const nowMs of [0, 1e6, 1e9]) t.equal(look(leased(), nowMs), 'unchanged');
});

t.test('a container that came is seen for the first time once', async (t) => {
  const { look } = watch();
  t.equal(look(leased('awaited'), 0, true), 'first seen');
  t.equal(look(leased('seen'), 1, true), 'unchanged');
});

t.test('a container that was seen has gone when its namespace was empty for long enough', async (t) => {
  const { look } = watch();
  look(leased('seen'), 0, true);
  t.equal(look(leased('seen'), 100), 'unchanged', 'time starts');
  t.equal(look(leased('seen'), 399), 'unchanged');
  t.equal(look(leased('seen'), 400), 'gone');
});

t.test('the time starts again when a process was inside in between', async (t) => {
  const { look } = watch();
  t.equal(look(leased('seen'), 0), 'unchanged');
  t.equal(look(leased('seen'), 250, true), 'unchanged');
  t.equal(look(leased('seen'), 400), 'unchanged');
  t.equal(look(leased('seen'), 699), 'unchanged');
  t.equal(look(leased('seen'), 700), 'gone');
});

t.test('a container that was never seen never came, after a longer time', async (t) => {
  const { look } = watch();
  t.equal(look(leased('awaited'), 0), 'unchanged');
  t.equal(look(leased('awaited'), 3599), 'unchanged');
  t.equal(look(leased('awaited'), 3600), 'never came');
});

t.test('0 turns either rule off', async (t) => {
  const { look } = watch({ times: { goneAfterMs: 0, unusedAfterMs: 0 } });
  for (const state of ['awaited', 'seen'] as const) {
    look(leased(state, state), 0);
    t.equal(look(leased(state, state), 1e9), 'unchanged', state);
  }
});

t.test('without sight of the whole machine no container never came', async (t) => {
  const { look } = watch({ sight: { wholeMachine: false, others: true } });
  look(leased('awaited'), 0);
  t.equal(look(leased('awaited'), 1e9), 'unchanged');
  look(leased('seen', 'b'), 0);
  t.equal(look(leased('seen', 'b'), 300), 'gone', 'it was seen before');
});

t.test('without sight of other processes no container has gone or never came', async (t) => {
  const { look } = watch({ sight: { wholeMachine: true, others: false } });
  for (const state of ['awaited', 'seen'] as const) {
    look(leased(state, state), 0);
    t.equal(look(leased(state, state), 1e9), 'unchanged', state);
  }
});

t.test('a lease that has ended is forgotten', async (t) => {
  const { leases, look } = watch();
  look(leased('seen'), 0);
  leases.keepOnly(new Set());
  t.equal(look(leased('seen'), 1000), 'unchanged', 'the time starts again');
});

t.test('each pool has its configured times', async (t) => {
  const pool = { name: 'a', goneAfterSeconds: 2, unusedAfterSeconds: 0 };
  const times = leaseTimes({ pools: [pool as never] });
  t.same(times('a'), { goneAfterMs: 2000, unusedAfterMs: 0 });
  t.same(times('other'), { goneAfterMs: 0, unusedAfterMs: 0 });
});
