import fc from 'fast-check';
import t from 'tap';
import { Expiry } from '../../../../src/pool/lease/expiry.js';
import { FakeClock } from '../fake-clock.js';

t.test('values expire at their time, in order, with one timer, unless they were removed before', async () => {
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
