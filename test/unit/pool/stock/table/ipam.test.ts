import fc from 'fast-check';
import t from 'tap';
import { IndexAllocator } from '../../../../../src/pool/stock/table/ipam.js';
import { FakeClock } from '../../fake-clock.js';

const COOLDOWN_MS = 30_000;

function allocator({ capacity = 4, cooldownMs = COOLDOWN_MS } = {}) {
  const clock = new FakeClock();
  return { clock, indexes: new IndexAllocator({ capacity, cooldownMs, clock }) };
}

t.test(
  'fresh indexes come first and ascending, then unused ones, then used ones, the longest freed first',
  async (t) => {
    const { indexes, clock } = allocator();
    t.same([indexes.acquire(), indexes.acquire(), indexes.acquire()], [0, 1, 2]);
    indexes.release(2, { used: true });
    indexes.release(0, { used: true });
    indexes.release(1, { used: false });
    await clock.advance(COOLDOWN_MS);
    t.same([indexes.acquire(), indexes.acquire(), indexes.acquire(), indexes.acquire()], [3, 1, 2, 0]);
    t.throws(() => indexes.acquire(), { code: 'internal' });
    t.throws(() => allocator().indexes.release(2, { used: true }), { code: 'internal' });
  },
);

t.test('a certain index is handed out wherever it lies, unless it is in use or in cooldown', async (t) => {
  const { indexes, clock } = allocator({ capacity: 5 });
  t.same([indexes.acquire(3), indexes.acquire(), indexes.acquire()], [3, 0, 1]);
  for (const taken of [3, 5, -1]) t.throws(() => indexes.acquire(taken), { code: 'internal' }, String(taken));
  indexes.release(0, { used: false });
  t.equal(indexes.acquire(0), 0);
  indexes.release(3, { used: true });
  t.same([indexes.coolsMs(3), indexes.coolsMs(0), indexes.coolsMs(2)], [COOLDOWN_MS, null, null]);
  t.throws(() => indexes.acquire(3), { code: 'internal' });
  await clock.advance(COOLDOWN_MS);
  t.same([indexes.coolsMs(3), indexes.acquire(3)], [null, 3]);
  t.same([indexes.acquire(), indexes.acquire()], [2, 4], 'the others are those that are left');
  t.throws(() => indexes.acquire(), { code: 'internal' });
});

t.test('a used index is not handed out before its cooldown has ended, though there is no other', async (t) => {
  const { indexes, clock } = allocator({ capacity: 1 });
  indexes.release(indexes.acquire(), { used: true });
  t.match(indexes, { available: 0, free: 1, inCooldown: 1, nextMs: COOLDOWN_MS });
  t.throws(() => indexes.acquire(), { code: 'internal', message: /in use or in cooldown/ });
  await clock.advance(COOLDOWN_MS - 1);
  t.match(indexes, { available: 0, nextMs: 1 });
  t.throws(() => indexes.acquire(), { code: 'internal' });
  await clock.advance(1);
  t.match(indexes, { available: 1, inCooldown: 0, nextMs: null });
  t.equal(indexes.acquire(), 0);
});

t.test('without a cooldown, an index is handed out again at once', async (t) => {
  const { indexes } = allocator({ capacity: 1, cooldownMs: 0 });
  indexes.release(indexes.acquire(), { used: true });
  t.match(indexes, { available: 1, nextMs: null });
  t.equal(indexes.acquire(), 0);
});

t.test('a claimed index is not handed out while it is in use, nor claimed twice', async (t) => {
  const { indexes, clock } = allocator({ capacity: 3 });
  indexes.claim(1);
  t.throws(() => indexes.claim(1), { code: 'internal' });
  t.throws(() => indexes.claim(3), { code: 'internal' }, 'outside of the subnet');
  t.equal(indexes.acquire(), 0);
  t.throws(() => indexes.claim(0), { code: 'internal' });
  indexes.release(1, { used: true });
  await clock.advance(COOLDOWN_MS);
  t.same([indexes.acquire(), indexes.acquire()], [2, 1]);
});

t.test('cooldowns continue after a restart, in their order, except those of indexes in use', async (t) => {
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
  t.match(indexes, { inCooldown: 2, available: 2, nextMs: 20_000 });
  t.same([indexes.acquire(), indexes.acquire()], [1, 4], 'the cooldown of the last one had ended');
  await clock.advance(20_000);
  t.equal(indexes.acquire(), 0);
  await clock.advance(4_999);
  t.throws(() => indexes.acquire(), { code: 'internal' });
  await clock.advance(1);
  t.equal(indexes.acquire(), 2, 'the later of its two cooldowns counts');
});

t.test('a cooldown from before the machine was booted starts again', async (t) => {
  const { indexes } = allocator({ capacity: 1 });
  indexes.resume([{ index: 0, sinceMs: 5_000_000 }]);
  t.equal(indexes.nextMs, COOLDOWN_MS);
});

t.test('in any sequence no index is in use twice, none is lost and no cooldown is cut short', async () => {
  const act = fc.record({
    what: fc.constantFrom('acquire', 'release', 'drop', 'claim', 'wait', 'restart'),
    n: fc.nat(40),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 150 }), fc.constantFrom(0, 7, 25), async (acts, cooldownMs) => {
      const clock = new FakeClock();
      const make = () => new IndexAllocator({ capacity: 12, cooldownMs, clock });
      let indexes = make();
      const inUse: number[] = [];
      const freed = new Map<number, number>();
      const isCool = (index: number) =>
        clock.monotonicMs() - (freed.get(index) ?? Number.NEGATIVE_INFINITY) >= cooldownMs;
      const freeNow = () => Array.from({ length: 12 }, (_, index) => index).filter((index) => !inUse.includes(index));
      for (const { what, n } of acts) {
        if (what === 'wait') await clock.advance(n);
        else if (what === 'release' && inUse.length > 0) {
          const index = inUse.splice(n % inUse.length, 1)[0] as number;
          indexes.release(index, { used: true });
          freed.set(index, clock.monotonicMs());
        } else if (what === 'drop' && inUse.length > 0)
          indexes.release(inUse.splice(n % inUse.length, 1)[0] as number, { used: false });
        else if (what === 'claim' && indexes.claimable(n)) {
          indexes.claim(n);
          inUse.push(n);
          freed.delete(n);
        } else if (what === 'restart') {
          indexes = make();
          for (const index of inUse) indexes.claim(index);
          indexes.resume(Array.from(freed, ([index, sinceMs]) => ({ index, sinceMs })));
        } else if (what === 'acquire' && indexes.available > 0) {
          const index = indexes.acquire();
          if (inUse.includes(index) || index < 0 || index > 11 || !isCool(index)) return false;
          inUse.push(index);
        }
        if (indexes.inUse !== inUse.length || indexes.available !== freeNow().filter(isCool).length) return false;
      }
      await clock.advance(cooldownMs);
      while (inUse.length < 12) inUse.push(indexes.acquire());
      return new Set(inUse).size === 12 && indexes.available === 0;
    }),
    { numRuns: 60 },
  );
});
