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

/** Resolves when `condition` holds; the machine may be slow. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !condition(); ) {
    if (performance.now() > end) throw new Error(`not true after 60 s: ${condition}`);
    await delay(5);
  }
}

t.test('both threads collect once when the daemon is idle after its start, and again after much work', async (t) => {
  const { collector, told, happen } = begun();
  t.match(told, { collections: 0, inKernelThread: 0 });
  await until(() => told.inKernelThread === 1);
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 }, 'nothing happened since');
  happen(499);
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 }, 'too little happened');
  happen(1);
  await until(() => told.inKernelThread === 2);
  t.equal(told.collections, 2);
  collector[Symbol.dispose]();
});

t.test('the collection waits while other processes want the processors', async (t) => {
  const { collector, told } = begun();
  told.busy = true;
  await delay(3 * REST_MS);
  t.equal(told.collections, 0);
  told.busy = false;
  await until(() => told.collections === 1);
  collector[Symbol.dispose]();
});

t.test('a failed kernel thread is not reported here; once disposed, nothing is collected', async (t) => {
  const { collector, told, happen, listeners } = begun({ kernel: () => Promise.reject(new Error('gone')) });
  await until(() => told.inKernelThread === 1);
  collector[Symbol.dispose]();
  t.equal(listeners.size, 0);
  happen(1000);
  await delay(2 * REST_MS);
  t.match(told, { collections: 1, inKernelThread: 1 });
});
