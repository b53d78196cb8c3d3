import fc from 'fast-check';
import t from 'tap';
import { Expiry } from '../../../src/pool/lease/expiry.js';
import { newLeaseId } from '../../../src/pool/lease/lease-id.js';
import { Backoff } from '../../../src/pool/stock/backoff.js';
import { Fifo, type Place } from '../../../src/pool/stock/fifo.js';
import { FakeClock } from './fake-clock.js';

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
