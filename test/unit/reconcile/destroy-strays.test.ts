import t from 'tap';
import type { EndpointName, Settled } from '../../../src/endpoint/types.js';
import { destroyStrays } from '../../../src/reconcile/destroy-strays.js';

const stray = (seq: number): EndpointName => ({ id: `default-${seq}`, pool: 'default', index: -1, seq });

/** Refuses the endpoint `seq` so many times. */
function refusing(refusals: Record<number, number>) {
  const asked: number[][] = [];
  const destroy = async (names: readonly EndpointName[]): Promise<Settled<void>[]> => {
    asked.push(names.map(({ seq }) => seq));
    return names.map(({ seq }): Settled<void> => {
      const left = refusals[seq] ?? 0;
      refusals[seq] = left - 1;
      return left > 0 ? { ok: false, error: new Error(`no ${seq}`) } : { ok: true, value: undefined };
    });
  };
  return { asked, destroy };
}

t.test('only a stray that failed is retried', async (t) => {
  const endpoints = refusing({ 2: 1, 3: 9 });
  const outcomes = await destroyStrays(endpoints, [1, 2, 3].map(stray));
  t.same(endpoints.asked, [[1, 2, 3], [2, 3], [3]]);
  t.same(
    outcomes.map(({ ok }) => ok),
    [true, true, false],
    'outcomes are in the order of the strays',
  );
});

t.test('without strays the kernel is not asked', async (t) => {
  const endpoints = refusing({});
  t.same(await destroyStrays(endpoints, []), []);
  t.same(endpoints.asked, []);
});
