import fc from 'fast-check';
import t from 'tap';
import { Backoff } from '../../../src/pool/backoff.js';
import { Expiry } from '../../../src/pool/expiry.js';
import { Fifo, type Place } from '../../../src/pool/fifo.js';
import { IndexAllocator } from '../../../src/pool/ipam.js';
import { newLeaseId } from '../../../src/pool/lease-id.js';
import { FakeClock } from './fake-clock.js';

t.test('fresh indexes come first and ascending, then the longest at rest', async (t) => {
  const indexes = new IndexAllocator(4);
  t.same([indexes.acquire(), indexes.acquire(), indexes.acquire()], [0, 1, 2]);
  indexes.release(1);
  indexes.release(0);
  t.equal(indexes.acquire(), 3, 'a fresh one rests longest of all');
  t.same([indexes.acquire(), indexes.acquire()], [1, 0]);
  t.throws(() => indexes.acquire(), { code: 'internal' });
  t.throws(() => new IndexAllocator(4).release(2), { code: 'internal' });
});

t.test('a claimed index is never handed out while it is held, nor claimed twice', async (t) => {
  const indexes = new IndexAllocator(3);
  indexes.claim(1);
  t.throws(() => indexes.claim(1), { code: 'internal' });
  t.throws(() => indexes.claim(3), { code: 'internal' }, 'outside of the subnet');
  t.equal(indexes.acquire(), 0);
  t.throws(() => indexes.claim(0), { code: 'internal' });
  indexes.release(1);
  t.same([indexes.acquire(), indexes.acquire()], [2, 1]);
});

t.test('whatever is claimed, acquired and released, no index is held twice and none is lost', async () => {
  const act = fc.record({ what: fc.constantFrom('acquire', 'release', 'claim'), n: fc.nat(11) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const indexes = new IndexAllocator(12);
      const held: number[] = [];
      for (const { what, n } of acts) {
        if (what === 'release' && held.length > 0) indexes.release(held.splice(n % held.length, 1)[0] as number);
        else if (what === 'claim' && indexes.claimable(n)) {
          indexes.claim(n);
          held.push(n);
        } else if (what === 'acquire' && held.length < 12) held.push(indexes.acquire());
        if (new Set(held).size !== held.length || held.some((index) => index < 0 || index > 11)) return false;
      }
      while (held.length < 12) held.push(indexes.acquire());
      return new Set(held).size === 12 && indexes.inUse === 12;
    }),
  );
});

t.test('a queue keeps its order whatever is taken from its middle', async () => {
  const act = fc.record({ what: fc.constantFrom('push', 'shift', 'remove', 'unshift'), n: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 100 }), (acts) => {
      const queue = new Fifo<number>();
      const places = new Map<number, Place<number>>();
      const model: number[] = [];
      let next = 0;
      for (const { what, n } of acts) {
        if (what === 'push') places.set(next, queue.push(next)) && model.push(next++);
        else if (what === 'unshift') places.set(next, queue.unshift(next)) && model.unshift(next++);
        else if (what === 'shift' && queue.shift() !== model.shift()) return false;
        else if (what === 'remove' && places.has(n)) {
          const at = model.indexOf(n);
          if (queue.remove(places.get(n) as Place<number>) !== at >= 0) return false;
          if (at >= 0) model.splice(at, 1);
        }
        if (queue.size !== model.length || queue.peek() !== model[0]) return false;
      }
      return [...queue].join() === model.join();
    }),
  );
});

t.test('backoff doubles from 100 ms to 30 s and begins anew after a success', async (t) => {
  const backoff = new Backoff();
  t.same(
    Array.from({ length: 11 }, () => backoff.next()),
    [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000],
  );
  backoff.reset();
  t.equal(backoff.next(), 100);
});

t.test('lease ids are 16 hexadecimal characters and do not repeat', async (t) => {
  const ids = new Set(Array.from({ length: 2000 }, newLeaseId));
  t.equal(ids.size, 2000);
  for (const id of ids) if (!/^[0-9a-f]{16}$/.test(id)) t.fail(id);
});

t.test('what expires does so at its time, in order, with one timer, unless it was removed before', async () => {
  const entry = fc.record({ delayMs: fc.integer({ min: 0, max: 500 }), removed: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
      const clock = new FakeClock();
      const rang: { value: number; atMs: number }[] = [];
      const expiry = new Expiry<number>(clock, (value) => rang.push({ value, atMs: clock.monotonicMs() }));
      const added = entries.map(({ delayMs }, value) => expiry.add(value, delayMs));
      for (const [i, { removed }] of entries.entries()) if (removed) expiry.remove(added[i] as (typeof added)[number]);
      if (clock.pending > 1) return false;
      await clock.advance(500);
      const kept = entries.flatMap(({ delayMs, removed }, value) => (removed ? [] : [{ value, atMs: delayMs }]));
      const byValue = [...rang].sort((a, b) => a.value - b.value);
      const inOrder = rang.every((one, i) => i === 0 || (rang[i - 1]?.atMs ?? 0) <= one.atMs);
      return inOrder && JSON.stringify(byValue) === JSON.stringify(kept) && expiry.size === 0 && clock.pending === 0;
    }),
    { numRuns: 30 },
  );
});
