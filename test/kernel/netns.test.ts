import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { execaSync } from 'execa';
import t from 'tap';
import { errnoOf } from '../../src/kernel/errno.js';
import { mountsUnder, prepareMountFolder, removeMountFolder } from '../../src/kernel/netns/mount-folder.js';
import { createNetns, inside, NetnsHandle, removeNetns } from '../../src/kernel/netns/netns.js';
import { assertSandbox } from '../guard.js';

assertSandbox();
const ownNetns = () => readlinkSync('/proc/thread-self/ns/net');

t.test('a namespace is made at its path, can be listed by ip netns, and is gone after removal', async (t) => {
  const path = `/run/netns/made-${process.pid}`;
  using home = NetnsHandle.open();
  const before = ownNetns();
  const { handle, inode, result } = createNetns({ path, home, act: ownNetns });
  t.equal(ownNetns(), before, 'the thread is back');
  t.equal(result, `net:[${inode}]`, 'the act ran inside');
  t.not(result, before);
  t.equal(statSync(path).ino, inode);
  t.match(execaSync('ip', ['netns', 'list']).stdout, `made-${process.pid}`);
  t.equal(inside({ namespace: handle, home, act: ownNetns }), result);
  handle.close();
  removeNetns(path);
  t.notOk(existsSync(path));
  t.same(mountsUnder(path), []);
  removeNetns(path);
  t.pass('removing it again is no error');
});

t.test('a path that is taken is an error with its errno, and what stood there stays', async (t) => {
  const path = `/run/netns/taken-${process.pid}`;
  using home = NetnsHandle.open();
  const first = createNetns({ path, home, act: () => null });
  t.throws(() => createNetns({ path, home, act: () => null }), /EEXIST/);
  t.equal(statSync(path).ino, first.inode);
  first.handle.close();
  removeNetns(path);
});

t.test('an act that throws leaves neither mount nor file, and the thread is back', async (t) => {
  const path = `/run/netns/thrown-${process.pid}`;
  using home = NetnsHandle.open();
  const before = ownNetns();
  const act = () => {
    throw new Error('inside');
  };
  t.throws(() => createNetns({ path, home, act }), /inside/);
  t.equal(ownNetns(), before);
  t.notOk(existsSync(path));
  t.same(mountsUnder(path), []);
});

t.test('no thread of the process stands in another namespace afterwards', async (t) => {
  using home = NetnsHandle.open();
  await stat('/');
  for (let i = 0; i < 20; i++) {
    const path = `/run/netns/threads-${process.pid}-${i}`;
    createNetns({ path, home, act: () => null }).handle.close();
    await stat(path);
    removeNetns(path);
  }
  const namespaces = readdirSync('/proc/self/task').map((tid) => readlinkSync(`/proc/self/task/${tid}/ns/net`));
  t.ok(namespaces.length > 4, `${namespaces.length} threads were looked at`);
  t.same([...new Set(namespaces)], [ownNetns()]);
});

t.test('the mount folder becomes a private mount of its own, and goes when nothing is in it', async (t) => {
  const folder = `/run/folder-${process.pid}`;
  prepareMountFolder(folder);
  prepareMountFolder(folder);
  const lines = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === folder);
  t.equal(lines.length, 1, 'mounted once, however often it is prepared');
  t.notMatch(lines[0], / shared:/);
  using home = NetnsHandle.open();
  createNetns({ path: `${folder}/one`, home, act: () => null }).handle.close();
  removeMountFolder(folder);
  t.ok(existsSync(`${folder}/one`), 'a namespace in it keeps it');
  removeNetns(`${folder}/one`);
  removeMountFolder(folder);
  t.notOk(existsSync(folder));
  t.same(mountsUnder(folder), []);
});

t.test('errors carry the symbolic errno', async (t) => {
  try {
    NetnsHandle.open('/run/netns/none').close();
    t.fail('there is no such namespace');
  } catch (error) {
    t.equal(errnoOf(error), 'ENOENT');
    t.match(String(error), 'cannot open /run/netns/none: ENOENT');
  }
});
