import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openProcess } from '../../../../src/kernel/process/pidfd.js';
import { ProcessWatch } from '../../../../src/kernel/process/process-watch.js';

async function sleeper(t: Test): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
}

/** Resolves when it holds; what never holds ends with the time that a file has. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function descriptors(kind: RegExp): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return kind.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

/** Those of this test beside the event loop's own. */
const open = () => ({ pidfds: descriptors(/pidfd/), epolls: descriptors(/eventpoll/) });

t.test('the end of a process that is held or watched is heard of, once', async (t) => {
  const before = open();
  using watch = new ProcessWatch();
  const [one, other] = [await sleeper(t), await sleeper(t)];
  using held = watch.hold(one.pid);
  const heard: string[] = [];
  const identity = { ...held.process };
  for (const name of ['a', 'b']) watch.watch(identity, () => heard.push(name));
  const stop = watch.watch(identity, () => heard.push('stopped'));
  using elsewhere = watch.hold(other.pid);
  stop();
  await delay(120);
  t.same(heard, [], 'while it lives nothing is heard');
  t.equal(watch.size, 2);
  t.same(open(), { pidfds: before.pidfds + 2, epolls: before.epolls + 1 }, 'one descriptor a process, one for all');
  await end(one);
  await eventually(() => heard.length === 2);
  t.same(heard, ['a', 'b']);
  t.equal(held.ended.aborted, true);
  t.equal(elsewhere.ended.aborted, false);
  elsewhere[Symbol.dispose]();
  t.same(open(), before, 'nothing is left open');
  await delay(120);
  t.equal(heard.length, 2);
});

t.test('an identity is the number and the start that procfs shows', async (t) => {
  using watch = new ProcessWatch();
  const child = await sleeper(t);
  using held = watch.hold(child.pid);
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  t.same(held.process, { pid: child.pid, startTicks: Number(stat.split(' ')[21]) });
});

t.test('a process of an earlier daemon is found again by number and start, or has ended', async (t) => {
  const child = await sleeper(t);
  const { process: identity, fd } = openProcess(child.pid);
  closeSync(fd);
  const before = open();
  {
    using watch = new ProcessWatch();
    const heard: string[] = [];
    watch.watch(identity, () => heard.push('lives'));
    watch.watch({ ...identity, startTicks: identity.startTicks - 1 }, () => heard.push('another of that number'));
    watch.watch({ pid: 4_194_304, startTicks: 1 }, () => heard.push('no such process'));
    await eventually(() => heard.length === 2);
    t.same(heard.sort(), ['another of that number', 'no such process']);
    t.equal(watch.size, 1);
    await end(child);
    await eventually(() => heard.includes('lives'));
  }
  t.same(open(), before);
});

t.test('what has ended, is a zombie, or is a thread cannot be held', async (t) => {
  using watch = new ProcessWatch();
  const gone = await sleeper(t);
  await end(gone);
  t.throws(() => watch.hold(gone.pid), { code: 'process_gone', details: { pid: gone.pid } });
  // A parent that never waits for its child, whose number it prints; a shell would, so the child outlives that.
  const script = 'exec 3<&0; cat <&3 & echo $!; exec sleep 3600';
  const parent = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const zombie = Number(String(line));
  while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await delay(10);
  parent.stdin.end();
  while (!/\) Z /.test(readFileSync(`/proc/${zombie}/stat`, 'utf8'))) await delay(10);
  t.throws(() => watch.hold(zombie), { code: 'process_gone' });
  const thread = readdirSync('/proc/self/task')
    .map(Number)
    .find((tid) => tid !== process.pid) as number;
  t.throws(() => watch.hold(thread), { code: 'process_gone' });
  t.equal(watch.size, 0);
});

t.test('a lack of descriptors is no end of a process: it is looked for again', async (t) => {
  const child = await sleeper(t);
  const { process: identity, fd } = openProcess(child.pid);
  closeSync(fd);
  using watch = new ProcessWatch();
  let ended = 0;
  watch.watch(identity, () => (ended += 1));
  const hoard: number[] = [];
  const exhaust = (): void => {
    try {
      for (;;) hoard.push(openSync('/dev/null', 'r'));
    } catch {
      // No descriptor is left.
    }
  };
  exhaust();
  t.throws(() => watch.hold(child.pid), { code: 'kernel_error', details: { errno: 'EMFILE' } });
  // One is enough for the process, and lacks for its start.
  for (let spare = 0; spare < 3; spare += 1) {
    await delay(120);
    closeSync(hoard.pop() as number);
  }
  t.equal(ended, 0);
  for (const one of hoard) closeSync(one);
  await delay(120);
  await end(child);
  await eventually(() => ended === 1);
});

t.test('a thousand watches of two hundred processes that end together are all heard of', async (t) => {
  const before = open();
  using watch = new ProcessWatch();
  const group = spawn('bash', ['-c', 'for i in {1..200}; do sleep 3600 & echo $!; done; echo done; wait'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const killAll = () =>
    group.exitCode === null && group.signalCode === null && process.kill(-(group.pid as number), 'SIGKILL');
  t.teardown(killAll);
  let text = '';
  group.stdout.on('data', (data) => {
    text += data;
  });
  while (!text.includes('done')) await delay(20);
  const pids = text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  let ended = 0;
  for (const pid of pids) {
    using held = watch.hold(pid);
    for (let i = 0; i < 5; i += 1) watch.watch(held.process, () => (ended += 1));
  }
  t.equal(watch.size, 200);
  killAll();
  await eventually(() => ended === 1000);
  t.same(open(), before);
});
