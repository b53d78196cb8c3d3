import t from 'tap';
import { turnOf } from '../../../src/bench/turns.js';

t.test('each comes at each place as often, from a round below zero on', async (t) => {
  const things = ['a', 'b', 'c'];
  const rounds = Array.from({ length: 6 }, (_, round) => turnOf(things, round));
  t.strictSame(rounds[0], ['a', 'b', 'c']);
  t.strictSame(rounds[1], ['a', 'c', 'b']);
  for (const place of things.keys()) {
    const there = rounds.map((round) => round[place]);
    for (const thing of things) t.equal(there.filter((one) => one === thing).length, 2, `${thing} at ${place}`);
  }
  t.strictSame(turnOf(things, -1).sort(), things);
  t.strictSame(things, ['a', 'b', 'c']);
});
