import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { TaskIterator } from '../../src/kernel/bpf/task-iterator.js';
import { NetnsCensus, UNSEEN_PID } from '../../src/kernel/netns/netns-census.js';
import { netnsUsers, processesIn } from '../../src/kernel/netns/netns-users.js';
import { eventually } from '../runtime/eye.js';
import { fakeHost } from './fake-host.js';

function namespace(t: Test) {
  const { netnsPath: path } = fakeHost(t);
  return { path, inode: statSync(path).ino };
}

function openIterator(t: Test): TaskIterator {
  const iterator = TaskIterator.open();
  t.teardown(() => iterator.close());
  return iterator;
}

async function enter(t: Test, path: string): Promise<ChildProcess> {
  const child = spawn('nsenter', [`--net=${path}`, 'sleep', '600'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await eventually('it sleeps inside', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  return child;
}

/** A thread of this process goes into the namespace; all others stay where they are. */
async function enterByThread(t: Test, path: string): Promise<void> {
  const worker = new Worker(new URL('./enter-netns.js', import.meta.url), { workerData: path });
  t.teardown(() => worker.terminate());
  await once(worker, 'message');
}

t.test('the kernel tells every namespace with a task inside, and none without', async (t) => {
  const [one, empty] = [namespace(t), namespace(t)];
  const iterator = openIterator(t);
  const own = statSync('/proc/self/ns/net').ino;
  t.equal(iterator.namespaces().has(own), true, 'the own one');
  t.equal(iterator.namespaces().has(one.inode), false);
  const child = await enter(t, one.path);
  t.equal(iterator.namespaces().has(one.inode), true);
  t.equal(iterator.namespaces().has(empty.inode), false);
  t.same([...iterator.namespaces()].sort(), [...netnsUsers().keys()].sort(), 'as a walk over /proc has it');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(iterator.namespaces().has(one.inode), false);
});

t.test('a process is out of its namespace as soon as it has ended, before its parent has waited for it', async (t) => {
  const { path, inode } = namespace(t);
  const iterator = openIterator(t);
  // Its parent never reaps it.
  const parent = spawn('bash', ['-c', `nsenter --net=${path} sleep 600 & echo $!; exec sleep 600`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => parent.kill('SIGKILL'));
  const [printed] = await once(parent.stdout as NonNullable<typeof parent.stdout>, 'data');
  const pid = Number(String(printed));
  await eventually('it is inside', () => iterator.namespaces().has(inode));
  process.kill(pid, 'SIGKILL');
  await eventually('it is a zombie', () => /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  t.equal(iterator.namespaces().has(inode), false);
});

t.test('more tasks than one read of the kernel holds are all told', async (t) => {
  const { path, inode } = namespace(t);
  const iterator = openIterator(t);
  const crowd = spawn('bash', ['-c', 'for i in {1..600}; do sleep 600 & done; echo ready; wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.teardown(() => process.kill(-(crowd.pid as number), 'SIGKILL'));
  await once(crowd.stdout as NonNullable<typeof crowd.stdout>, 'data');
  await enter(t, path);
  t.equal(iterator.namespaces().has(inode), true, 'the youngest task comes last');
});

t.test('a census says who is inside, threads that stand elsewhere than their process too', async (t) => {
  const [one, other, empty] = [namespace(t), namespace(t), namespace(t)];
  const census = NetnsCensus.open();
  t.teardown(() => census.close());
  const inodes = [one.inode, other.inode, empty.inode];
  t.same([...census.users(inodes)], []);
  const child = await enter(t, one.path);
  await enterByThread(t, other.path);
  const users = census.users(inodes);
  t.same(users.get(one.inode), [child.pid]);
  t.same(users.get(other.inode), [process.pid]);
  t.equal(users.has(empty.inode), false);
  t.equal(netnsUsers().has(other.inode), false, 'a walk over processes alone does not see it');
  t.same([...processesIn(new Set([other.inode]))], [[other.inode, [process.pid]]]);
  t.same([...census.users([empty.inode])], [], 'only of those that are asked for');
});

t.test('who may not be seen is inside all the same', async (t) => {
  const { path, inode } = namespace(t);
  await enter(t, path);
  const module = new URL('../../src/kernel/netns/netns-census.js', import.meta.url);
  const script = `const { NetnsCensus } = await import('${module}');
    console.log(JSON.stringify([...NetnsCensus.open().users([${inode}, 1])]));`;
  const drop = ['--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'];
  const { stdout } = execaSync('setpriv', [...drop, process.execPath, '--input-type=module', '-e', script]);
  t.same(JSON.parse(stdout), [[inode, [UNSEEN_PID]]]);
});
