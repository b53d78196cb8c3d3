import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ShelfWatch } from '../../../src/shelf/shelf-watch.js';

function watched(t: Test, { busyLooks = 0 } = {}) {
  const folder = t.testdir();
  const seen = { collected: 0, looks: 0, failures: 0 };
  const watch = new ShelfWatch({
    folders: [folder],
    collect: () => (seen.collected += 1),
    isBusy: () => {
      seen.looks += 1;
      return seen.looks <= busyLooks;
    },
    failed: () => (seen.failures += 1),
  });
  t.teardown(() => watch[Symbol.dispose]());
  const happen = (count: number) => {
    for (let i = 0; i < count; i += 1) writeFileSync(join(folder, `${i}`), '');
  };
  return { seen, watch, happen };
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !holds() && performance.now() < end; ) await delay(5);
}

t.test('changes at the same time are collected once, and a later one later', async (t) => {
  const { seen, happen } = watched(t);
  happen(100);
  await until(() => seen.collected > 0);
  await delay(100);
  t.equal(seen.collected, 1);
  happen(1);
  await until(() => seen.collected > 1);
  t.equal(seen.collected, 2);
});

t.test('it waits while the processors are short', async (t) => {
  const { seen, happen } = watched(t, { busyLooks: 2 });
  happen(1);
  await until(() => seen.collected > 0);
  t.ok(seen.looks > 2);
});

t.test('it does not wait for ever', async (t) => {
  const { seen, happen } = watched(t, { busyLooks: Number.POSITIVE_INFINITY });
  happen(1);
  await until(() => seen.collected > 0);
  t.equal(seen.collected, 1);
});

t.test('once disposed, it hears nothing', async (t) => {
  const { seen, watch, happen } = watched(t);
  watch[Symbol.dispose]();
  happen(1);
  await delay(100);
  t.equal(seen.collected, 0);
});

t.test('if only some folders can be watched, no watch stays open', async (t) => {
  const inotifies = () =>
    readdirSync('/proc/self/fdinfo').reduce((sum, fd) => {
      try {
        return sum + (readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm) ?? []).length;
      } catch {
        return sum;
      }
    }, 0);
  const before = inotifies();
  let collected = 0;
  const watch = new ShelfWatch({
    folders: [t.testdir(), '/nowhere'],
    collect: () => (collected += 1),
    isBusy: () => false,
    failed: () => undefined,
  });
  t.teardown(() => watch[Symbol.dispose]());
  await until(() => collected > 1);
  t.equal(inotifies(), before);
});

t.test('if nothing can be watched, it is collected every second, and reported', async (t) => {
  let collected = 0;
  let failures = 0;
  const watch = new ShelfWatch({
    folders: ['/nowhere'],
    collect: () => (collected += 1),
    isBusy: () => false,
    failed: () => (failures += 1),
  });
  t.teardown(() => watch[Symbol.dispose]());
  // Its timers keep no process alive; this one does.
  await until(() => collected > 1);
  t.ok(collected > 1);
  t.ok(failures > 1);
});
