import fs from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FolderChanges } from '../../../src/kernel/folder-changes.js';

function watched(t: Test) {
  const top = t.testdir({ shelf: { taken: {}, returned: {}, offers: { one: '', two: '' } } });
  const parent = join(top, 'shelf');
  const path = (...names: string[]) => join(parent, ...names);
  const failures: unknown[] = [];
  const changes = new FolderChanges({
    folders: [path('taken'), path('returned')],
    parent,
    failed: (error) => failures.push(error),
  });
  t.teardown(() => changes[Symbol.dispose]());
  t.equal(changes.appeared(), true, 'nothing is known at first');
  return { top, parent, path, changes, failures };
}

t.test('what is moved into a folder, or made in it, is told once, as soon as the call has returned', (t) => {
  const { path, changes, failures } = watched(t);
  for (let round = 0; round < 500; round++) {
    t.equal(changes.appeared(), false);
    fs.renameSync(path('offers', 'one'), path('taken', 'one'));
    if (!changes.appeared()) t.fail(`the take of round ${round} was missed`);
    if (changes.appeared()) t.fail(`something was told twice in round ${round}`);
    fs.renameSync(path('taken', 'one'), path('returned', 'one'));
    if (!changes.appeared()) t.fail(`the return of round ${round} was missed`);
    fs.renameSync(path('returned', 'one'), path('offers', 'one'));
  }
  fs.symlinkSync('x', path('taken', 'link'));
  t.equal(changes.appeared(), true);
  fs.linkSync(path('offers', 'two'), path('returned', 'two'));
  t.equal(changes.appeared(), true);
  t.strictSame(failures, []);
  t.end();
});

t.test('what leaves a folder is not told, nor what happens elsewhere', (t) => {
  const { path, changes } = watched(t);
  fs.renameSync(path('offers', 'one'), path('taken', 'one'));
  t.equal(changes.appeared(), true);
  fs.unlinkSync(path('taken', 'one'));
  fs.unlinkSync(path('offers', 'two'));
  fs.writeFileSync(path('other'), '');
  t.equal(changes.appeared(), false);
  t.end();
});

t.test('more than fits into one read, or into the queue, is told', (t) => {
  const { path, changes } = watched(t);
  for (let i = 0; i < 17_000; i++) fs.mkdirSync(path('taken', `an-entry-with-a-longer-name-${i}`));
  t.equal(changes.appeared(), true);
  let reads = 1;
  while (changes.appeared()) reads++;
  t.ok(reads > 1, `${reads} reads`);
  fs.mkdirSync(path('returned', 'late'));
  t.equal(changes.appeared(), true);
  t.end();
});

for (const [what, replace] of Object.entries({
  'a folder that is removed and made anew': ({ path }: { path: (...names: string[]) => string }) => {
    fs.rmdirSync(path('taken'));
    fs.mkdirSync(path('taken'));
  },
  'a folder that is moved away': ({ path }: { path: (...names: string[]) => string }) => {
    fs.renameSync(path('returned'), path('away'));
    fs.mkdirSync(path('returned'));
  },
  'the folder above that is moved away': ({ top, parent, path }: ReturnType<typeof watched>) => {
    fs.renameSync(parent, join(top, 'away'));
    for (const name of ['taken', 'returned', 'offers']) fs.mkdirSync(path(name), { recursive: true });
  },
  'the folder above that is removed': ({ parent, path }: ReturnType<typeof watched>) => {
    fs.rmSync(parent, { recursive: true });
    for (const name of ['taken', 'returned', 'offers']) fs.mkdirSync(path(name), { recursive: true });
  },
})) {
  t.test(`${what} is told, and the new one is watched`, (t) => {
    const stage = watched(t);
    const { path, changes } = stage;
    (replace as (stage: ReturnType<typeof watched>) => void)(stage);
    t.equal(changes.appeared(), true);
    while (changes.appeared());
    for (const name of ['taken', 'returned']) {
      t.equal(changes.appeared(), false);
      fs.writeFileSync(path(name, 'entry'), '');
      t.equal(changes.appeared(), true, name);
    }
    t.end();
  });
}

t.test('folders that are missing count as changed, and say why, until they are there', (t) => {
  const { path, changes, failures } = watched(t);
  fs.rmdirSync(path('taken'));
  t.strictSame([changes.appeared(), changes.appeared(), changes.appeared()], [true, true, true]);
  t.match(failures[0], { message: /taken/, code: 'kernel_error' });
  fs.mkdirSync(path('taken'));
  t.equal(changes.appeared(), true);
  while (changes.appeared());
  t.equal(changes.appeared(), false);
  t.end();
});

t.test('once disposed it has no descriptor, and says that everything may have changed', (t) => {
  const inotifies = () =>
    fs.readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).includes('inotify');
      } catch {
        return false;
      }
    }).length;
  const before = inotifies();
  const { changes } = watched(t);
  t.equal(inotifies(), before + 1);
  changes[Symbol.dispose]();
  t.equal(inotifies(), before);
  t.strictSame([changes.appeared(), inotifies()], [true, before]);
  t.end();
});
