import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { IdleCollector } from '../../../../src/kernel/process/idle-collector.js';

const IDLE_MS = 5;

function begun({ thread = async () => {}, busy = false }: { thread?: () => Promise<void>; busy?: boolean } = {}) {
  const listeners = new Set<() => void>();
  let pending: (() => void) | undefined;
  const seen = { collections: 0, inThread: 0, busy, asked: 0 };
  const collector = new IdleCollector({
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    thread: {
      collectGarbage: () => {
        seen.inThread += 1;
        return thread();
      },
    },
    idleMs: IDLE_MS,
    deferral: {
      schedule: (work) => {
        seen.asked += 1;
        if (seen.busy) pending = work;
        else work();
      },
      cancel: () => {
        pending = undefined;
      },
    },
    collect: () => {
      seen.collections += 1;
    },
  });
  const happen = (events: number): void => {
    for (let i = 0; i < events; i += 1) for (const listener of listeners) listener();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await delay(1);
  };
  const release = (): void => pending?.();
  return { collector, seen, happen, listeners, until, release };
}

t.test('once idle after the start, both threads collect once', async (t) => {
  const { collector, seen, until } = begun();
  await until(() => seen.collections > 0);
  await delay(3 * IDLE_MS);
  t.match(seen, { collections: 1, inThread: 1 });
  collector[Symbol.dispose]();
});

t.test('little work adds up until it is enough', async (t) => {
  const { collector, seen, happen, until } = begun();
  await until(() => seen.collections === 1);
  happen(250);
  await delay(3 * IDLE_MS);
  happen(249);
  await delay(3 * IDLE_MS);
  t.match(seen, { collections: 1, inThread: 1 });
  happen(1);
  await until(() => seen.collections === 2);
  t.match(seen, { collections: 2, inThread: 2 });
  collector[Symbol.dispose]();
});

t.test('it waits while the processors are short, and starts over after an event', async (t) => {
  const { collector, seen, happen, until, release } = begun({ busy: true });
  await until(() => seen.asked === 1);
  happen(1);
  release();
  t.equal(seen.collections, 0, 'the deferred collection was dropped');
  await until(() => seen.asked === 2);
  release();
  t.equal(seen.collections, 1);
  collector[Symbol.dispose]();
});

t.test('a thread that fails is ignored; once disposed, nothing is collected', async (t) => {
  const { collector, seen, happen, listeners, until } = begun({ thread: () => Promise.reject(new Error('gone')) });
  await until(() => seen.inThread === 1);
  happen(1000);
  collector[Symbol.dispose]();
  t.equal(listeners.size, 0);
  happen(1000);
  await delay(3 * IDLE_MS);
  t.match(seen, { collections: 1, inThread: 1 });
});
