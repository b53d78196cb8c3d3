import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { execaSync } from 'execa';
import t from 'tap';
import { errnoOf } from '../../src/kernel/errno.js';
import { createNetns, inside, NetnsHandle, removeNetns } from '../../src/kernel/netns/netns.js';
import { assertSandbox } from '../guard.js';
import { mountsBelow } from '../runtime/eye.js';

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
  t.same(mountsBelow(path), []);
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
  t.same(mountsBelow(path), []);
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

t.test('errors carry the symbolic errno', async (t) => {
  try {
    NetnsHandle.open('/run/netns/none').close();
    t.fail('there is no such namespace');
  } catch (error) {
    t.equal(errnoOf(error), 'ENOENT');
    t.match(String(error), 'cannot open /run/netns/none: ENOENT');
  }
});
