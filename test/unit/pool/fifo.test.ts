import fc from 'fast-check';
import t from 'tap';
import { Fifo, type Place } from '../../../src/pool/fifo.js';

t.test('a queue keeps its order whatever is removed from its middle', async () => {
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
