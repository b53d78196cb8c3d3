import fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openStateDirectory } from '../../../src/state/index.js';

const folders = ['broken', 'building', 'destroying', 'dirty', 'leased', 'ready', 'set-aside'];

t.test(
  'a state directory is made for its owner only, with a folder for each state, and opened again unchanged',
  async (t) => {
    const path = join(t.testdir(), 'deep', 'state');
    t.equal(openStateDirectory(path), path);
    t.same(fs.readdirSync(path).sort(), folders);
    t.equal(fs.statSync(path).mode & 0o777, 0o700);
    for (const folder of folders) t.equal(fs.statSync(join(path, folder)).mode & 0o777, 0o700);
    fs.writeFileSync(join(path, 'lock'), '');
    t.equal(openStateDirectory(path), path);
    t.same(fs.readdirSync(path).sort(), [...folders, 'lock'].sort(), 'other files are left alone');
  },
);

t.test('a directory that others may write to is refused with its mode and how to repair it', async (t) => {
  const path = join(t.testdir(), 'state');
  fs.mkdirSync(path);
  for (const mode of [0o777, 0o770, 0o702, 0o1777]) {
    fs.chmodSync(path, mode);
    const message = new RegExp(`has mode ${mode.toString(8).padStart(4, '0')}, .*chmod 700 ${path}`);
    t.throws(() => openStateDirectory(path), { code: 'state_dir_unsafe', message });
  }
  fs.chmodSync(path, 0o755);
  t.doesNotThrow(() => openStateDirectory(path), 'others may look');
});

t.test(
  'a symlink, a file, or a symlink in place of a folder is refused, and nothing behind it is touched',
  async (t) => {
    const dir = t.testdir({ real: {}, file: 'x', state: { ready: t.fixture('symlink', '../real') } });
    fs.symlinkSync('real', join(dir, 'link'));
    fs.symlinkSync('nowhere', join(dir, 'dangling'));
    for (const mode of ['real', 'state']) fs.chmodSync(join(dir, mode), 0o700);
    const refusals = {
      link: /is a symlink/,
      file: /is not a directory/,
      dangling: /state directory/,
      state: /ready is a symlink/,
    };
    for (const [name, message] of Object.entries(refusals)) {
      t.throws(() => openStateDirectory(join(dir, name)), { code: 'state_dir_unsafe', message });
    }
    t.same(fs.readdirSync(join(dir, 'real')), []);
  },
);

t.test('a directory of another user is refused', async (t) => {
  const path = join(t.testdir(), 'state');
  openStateDirectory(path);
  const { geteuid } = process;
  const own = geteuid?.() ?? 0;
  process.geteuid = () => own + 1;
  t.teardown(() => {
    process.geteuid = geteuid as () => number;
  });
  t.throws(() => openStateDirectory(path), {
    code: 'state_dir_unsafe',
    message: `belongs to user ${own}, not ${own + 1}`,
  });
});

t.test('a parent in which others may rename is refused, unless it is sticky', async (t) => {
  const parent = join(t.testdir(), 'open');
  fs.mkdirSync(parent);
  fs.chmodSync(parent, 0o777);
  t.throws(() => openStateDirectory(join(parent, 'state')), {
    code: 'state_dir_unsafe',
    message: /others may replace/,
  });
  fs.chmodSync(parent, 0o1777);
  t.doesNotThrow(() => openStateDirectory(join(parent, 'state')));
});
