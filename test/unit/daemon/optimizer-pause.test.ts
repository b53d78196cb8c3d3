import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { OptimizerPause } from '../../../src/daemon/watch/optimizer-pause.js';

const NEVER_MS = 1_000_000;

function begun({ idleMs = NEVER_MS, longestMs = NEVER_MS } = {}) {
  const listeners = new Set<(event: { type: string }) => void>();
  const switched: boolean[] = [];
  const pause = new OptimizerPause({
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    optimize: (isOn) => switched.push(isOn),
    idleMs,
    longestMs,
  });
  const happen = (type: string): void => {
    for (const listener of listeners) listener({ type });
  };
  return { pause, listeners, switched, happen };
}

t.test('nothing is optimized until the first lease', async (t) => {
  const { pause, listeners, switched, happen } = begun();
  happen('ready');
  t.same(switched, [false]);
  happen('leased');
  t.same(switched, [false, true]);
  t.equal(listeners.size, 0, 'nothing is heard any more');
  pause[Symbol.dispose]();
  t.same(switched, [false, true], 'it ends once');
});

t.test('a fill that is over, or that takes long, ends it as well', async (t) => {
  for (const limits of [{ idleMs: 1 }, { longestMs: 1 }]) {
    const { switched } = begun(limits);
    while (switched.length < 2) await delay(1);
    t.same(switched, [false, true]);
  }
});

t.test('the end of the daemon ends it', async (t) => {
  const { pause, switched } = begun();
  pause[Symbol.dispose]();
  t.same(switched, [false, true]);
});
