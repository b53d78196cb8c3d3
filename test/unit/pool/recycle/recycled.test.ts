import t from 'tap';
import { Recycled } from '../../../../src/pool/recycle/recycled.js';
import { endpointOf } from '../endpoints.js';
import { FakeClock } from '../fake-clock.js';

t.test('recycled endpoints are counted by way, and replaced ones by kind of reason', async (t) => {
  const recycled = new Recycled(new FakeClock());
  for (const way of ['seal', 'seal', 'proof', 'reuse'] as const) recycled.clean(way);
  recycled.replaced(endpointOf(1), { kind: 'links', text: 'MTU changed' });
  recycled.replaced(endpointOf(2), { kind: 'links', text: 'one more' });
  recycled.replaced(endpointOf(3), { kind: 'privileged', text: 'its container was privileged' });
  t.match(recycled.status(), {
    recycledBySeal: 2,
    recycledByProof: 1,
    recycledUnchecked: 1,
    replaced: 3,
    replacedFor: { links: 2, privileged: 1 },
  });
});

t.test('the sixteen newest replacements are remembered, newest first, and found by endpoint', async (t) => {
  const clock = new FakeClock();
  const recycled = new Recycled(clock);
  for (let seq = 1; seq <= 20; seq += 1) {
    await clock.advance(1000);
    recycled.replaced(endpointOf(seq), { kind: 'routes', text: `${seq} more` });
  }
  const { replaced, replacements } = recycled.status();
  t.equal(replaced, 20);
  t.same(
    replacements.map(({ endpoint }) => endpoint),
    Array.from({ length: 16 }, (_, i) => `default-${20 - i}`),
  );
  const time = '2026-01-01T00:00:05.000Z';
  t.same(recycled.of('default-5'), { time, endpoint: 'default-5', kind: 'routes', text: '5 more' });
  t.equal(recycled.of('default-4'), undefined, 'it is too long ago');
});
