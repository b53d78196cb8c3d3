import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openStateDirectory, unsafeAncestor } from '../../../src/state/index.js';

function folders(t: Test): { top: string; deep: string } {
  const top = fs.mkdtempSync(join(tmpdir(), 'ancestors-'));
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }));
  const deep = join(top, 'a', 'b', 'c');
  fs.mkdirSync(deep, { recursive: true, mode: 0o755 });
  return { top, deep };
}

t.test('a folder above in which others may rename is found, unless it is sticky', async (t) => {
  const { top, deep } = folders(t);
  t.equal(unsafeAncestor(join(deep, 'state')), undefined);
  fs.chmodSync(join(top, 'a'), 0o777);
  t.match(unsafeAncestor(join(deep, 'state')), {
    path: join(top, 'a'),
    problem: `has mode 0777, so others may replace ${join(top, 'a', 'b')}: chmod go-w ${join(top, 'a')}`,
  });
  t.throws(() => openStateDirectory(join(deep, 'state')), {
    code: 'state_dir_unsafe',
    message: /a has mode 0777, so others may replace .*b: chmod go-w/,
  });
  fs.chmodSync(join(top, 'a'), 0o1777);
  t.equal(unsafeAncestor(join(deep, 'state')), undefined);
});

t.test('a path that does not exist yet is checked from its first existing folder', async (t) => {
  const { top, deep } = folders(t);
  t.equal(unsafeAncestor(join(deep, 'x/y/z')), undefined);
  fs.chmodSync(join(top, 'a'), 0o777);
  t.match(unsafeAncestor(join(deep, 'x/y/z')), { path: join(top, 'a') });
});

t.test('symlinks above are resolved: their targets are checked', async (t) => {
  const { top, deep } = folders(t);
  fs.mkdirSync(join(top, 'open'), { mode: 0o777 });
  fs.chmodSync(join(top, 'open'), 0o777);
  fs.mkdirSync(join(top, 'open', 'inner'));
  fs.symlinkSync(join(top, 'open', 'inner'), join(deep, 'link'));
  t.match(unsafeAncestor(join(deep, 'link', 'state')), { path: join(top, 'open') });
});

t.test('a folder of another user is found, whatever its mode', async (t) => {
  const { deep } = folders(t);
  const { geteuid } = process;
  // Root's folders are always good; so another user looks at this user's.
  const own = fs.statSync(deep).uid;
  if (own === 0) fs.chownSync(deep, 4711, 4711);
  process.geteuid = () => own;
  if (own !== 0) process.geteuid = () => own + 1;
  t.teardown(() => {
    process.geteuid = geteuid as () => number;
  });
  t.match(unsafeAncestor(join(deep, 'state')), { problem: /^belongs to user \d+, who may replace/ });
});
