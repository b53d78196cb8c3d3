import fc from 'fast-check';
import t from 'tap';
import { IndexAllocator } from '../../../../src/pool/stock/ipam.js';
import { FakeClock } from '../fake-clock.js';

const REST_MS = 30_000;

function allocator({ capacity = 4, restMs = REST_MS } = {}) {
  const clock = new FakeClock();
  return { clock, indexes: new IndexAllocator({ capacity, restMs, clock }) };
}

t.test('fresh indexes come first and ascending, then those without a holder, then the longest at rest', async (t) => {
  const { indexes, clock } = allocator();
  t.same([indexes.acquire(), indexes.acquire(), indexes.acquire()], [0, 1, 2]);
  indexes.release(2, { held: true });
  indexes.release(0, { held: true });
  indexes.release(1, { held: false });
  await clock.advance(REST_MS);
  t.same([indexes.acquire(), indexes.acquire(), indexes.acquire(), indexes.acquire()], [3, 1, 2, 0]);
  t.throws(() => indexes.acquire(), { code: 'internal' });
  t.throws(() => allocator().indexes.release(2, { held: true }), { code: 'internal' });
});

t.test('an index that somebody had is not handed out before it has rested, though there is no other', async (t) => {
  const { indexes, clock } = allocator({ capacity: 1 });
  indexes.release(indexes.acquire(), { held: true });
  t.match(indexes, { available: 0, free: 1, resting: 1, nextMs: REST_MS });
  t.throws(() => indexes.acquire(), { code: 'internal', message: /in use or at rest/ });
  await clock.advance(REST_MS - 1);
  t.match(indexes, { available: 0, nextMs: 1 });
  t.throws(() => indexes.acquire(), { code: 'internal' });
  await clock.advance(1);
  t.match(indexes, { available: 1, resting: 0, nextMs: null });
  t.equal(indexes.acquire(), 0);
});

t.test('without a rest, an index is handed out again at once', async (t) => {
  const { indexes } = allocator({ capacity: 1, restMs: 0 });
  indexes.release(indexes.acquire(), { held: true });
  t.match(indexes, { available: 1, nextMs: null });
  t.equal(indexes.acquire(), 0);
});

t.test('a claimed index is never handed out while it is held, nor claimed twice', async (t) => {
  const { indexes, clock } = allocator({ capacity: 3 });
  indexes.claim(1);
  t.throws(() => indexes.claim(1), { code: 'internal' });
  t.throws(() => indexes.claim(3), { code: 'internal' }, 'outside of the subnet');
  t.equal(indexes.acquire(), 0);
  t.throws(() => indexes.claim(0), { code: 'internal' });
  indexes.release(1, { held: true });
  await clock.advance(REST_MS);
  t.same([indexes.acquire(), indexes.acquire()], [2, 1]);
});

t.test('rests go on after a restart, in their order, except those of indexes in use', async (t) => {
  const { indexes, clock } = allocator({ capacity: 5 });
  await clock.advance(100_000);
  indexes.claim(3);
  indexes.resume([
    { index: 2, sinceMs: 95_000 },
    { index: 3, sinceMs: 96_000 },
    { index: 0, sinceMs: 90_000 },
    { index: 2, sinceMs: 20 },
    { index: 99, sinceMs: 99_000 },
    { index: 4, sinceMs: 10_000 },
  ]);
  t.match(indexes, { resting: 2, available: 2, nextMs: 20_000 });
  t.same([indexes.acquire(), indexes.acquire()], [1, 4], 'the last one had rested long enough');
  await clock.advance(20_000);
  t.equal(indexes.acquire(), 0);
  await clock.advance(4_999);
  t.throws(() => indexes.acquire(), { code: 'internal' });
  await clock.advance(1);
  t.equal(indexes.acquire(), 2, 'since the later of its two rests');
});

t.test('a rest of before the machine was started begins anew', async (t) => {
  const { indexes } = allocator({ capacity: 1 });
  indexes.resume([{ index: 0, sinceMs: 5_000_000 }]);
  t.equal(indexes.nextMs, REST_MS);
});

t.test(
  'whatever is done and however time passes, no index is held twice, none is lost and none rests too short',
  async () => {
    const act = fc.record({
      what: fc.constantFrom('acquire', 'release', 'drop', 'claim', 'wait', 'restart'),
      n: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 150 }), fc.constantFrom(0, 7, 25), async (acts, restMs) => {
        const clock = new FakeClock();
        const make = () => new IndexAllocator({ capacity: 12, restMs, clock });
        let indexes = make();
        const held: number[] = [];
        const freed = new Map<number, number>();
        const rested = (index: number) =>
          clock.monotonicMs() - (freed.get(index) ?? Number.NEGATIVE_INFINITY) >= restMs;
        const freeNow = () => Array.from({ length: 12 }, (_, index) => index).filter((index) => !held.includes(index));
        for (const { what, n } of acts) {
          if (what === 'wait') await clock.advance(n);
          else if (what === 'release' && held.length > 0) {
            const index = held.splice(n % held.length, 1)[0] as number;
            indexes.release(index, { held: true });
            freed.set(index, clock.monotonicMs());
          } else if (what === 'drop' && held.length > 0)
            indexes.release(held.splice(n % held.length, 1)[0] as number, { held: false });
          else if (what === 'claim' && indexes.claimable(n)) {
            indexes.claim(n);
            held.push(n);
            freed.delete(n);
          } else if (what === 'restart') {
            indexes = make();
            for (const index of held) indexes.claim(index);
            indexes.resume(Array.from(freed, ([index, sinceMs]) => ({ index, sinceMs })));
          } else if (what === 'acquire' && indexes.available > 0) {
            const index = indexes.acquire();
            if (held.includes(index) || index < 0 || index > 11 || !rested(index)) return false;
            held.push(index);
          }
          if (indexes.inUse !== held.length || indexes.available !== freeNow().filter(rested).length) return false;
        }
        await clock.advance(restMs);
        while (held.length < 12) held.push(indexes.acquire());
        return new Set(held).size === 12 && indexes.available === 0;
      }),
      { numRuns: 60 },
    );
  },
);
