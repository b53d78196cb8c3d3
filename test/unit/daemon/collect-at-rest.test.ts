import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { RestCollector } from '../../../src/daemon/collect-at-rest.js';

const REST_MS = 100;

function begun({ kernel = async () => {} }: { kernel?: () => Promise<void> } = {}) {
  const listeners = new Set<() => void>();
  const told = { collections: 0, inKernelThread: 0, busy: false };
  const collector = new RestCollector({
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    kernel: {
      collectGarbage: () => {
        told.inKernelThread += 1;
        return kernel();
      },
    },
    restMs: REST_MS,
    isBusy: () => told.busy,
    collect: () => {
      told.collections += 1;
    },
  });
  const happen = (events: number): void => {
    for (let i = 0; i < events; i += 1) for (const listener of listeners) listener();
  };
  return { collector, told, happen, listeners };
}

t.test('after much work both threads collect, once, when nothing has happened for a while', async (t) => {
  const { collector, told, happen } = begun();
  for (let i = 0; i < 6; i += 1) happen(100);
  t.match(told, { collections: 0, inKernelThread: 0 }, 'not while something happens');
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 });
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 }, 'nothing happened since');
  collector[Symbol.dispose]();
});

t.test('a little work is let be, until it has become much', async (t) => {
  const { collector, told, happen } = begun();
  happen(250);
  await delay(2 * REST_MS);
  t.match(told, { collections: 0, inKernelThread: 0 });
  happen(249);
  await delay(2 * REST_MS);
  t.match(told, { collections: 0, inKernelThread: 0 });
  happen(1);
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 });
  collector.worked();
  await delay(2 * REST_MS);
  t.match(told, { collections: 2, inKernelThread: 2 }, 'or is said to be much');
  collector[Symbol.dispose]();
});

t.test('while others want the processors it waits', async (t) => {
  const { collector, told } = begun();
  told.busy = true;
  collector.worked();
  await delay(3 * REST_MS);
  t.equal(told.collections, 0);
  told.busy = false;
  await delay(2 * REST_MS);
  t.equal(told.collections, 1);
  collector[Symbol.dispose]();
});

t.test('a kernel thread that has ended is for others to tell; disposed, it hears and does nothing', async (t) => {
  const { collector, told, happen, listeners } = begun({ kernel: () => Promise.reject(new Error('gone')) });
  collector.worked();
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 });
  collector.worked();
  collector[Symbol.dispose]();
  t.equal(listeners.size, 0);
  happen(1000);
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 });
});
