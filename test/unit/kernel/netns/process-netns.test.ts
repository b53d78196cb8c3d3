import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import t from 'tap';
import { ProcessNetns, secondsSinceBoot } from '../../../../src/kernel/netns/process-netns.js';

t.test("a process's namespace is opened, with the time of its start", async (t) => {
  const before = secondsSinceBoot();
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const after = secondsSinceBoot();
  using opened = ProcessNetns.open(child.pid as number);
  t.equal(opened?.inode, statSync('/proc/self/ns/net').ino);
  t.equal(statSync(`/proc/self/fd/${opened?.fd}`).ino, opened?.inode, 'the descriptor is that of the namespace');
  const started = opened?.startedSeconds ?? 0;
  t.ok(started >= before - 0.01 && started <= after + 0.01, `${before} <= ${started} <= ${after}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(ProcessNetns.open(child.pid as number), undefined, 'a process that has ended has none');
  t.equal(statSync(`/proc/self/fd/${opened?.fd}`).ino, opened?.inode, 'what was opened stays');
});

t.test('a name with spaces and brackets does not mislead the reading of the start', async (t) => {
  const script = 'echo -n "a) 1 (b" > /proc/self/comm; echo; read line';
  const before = secondsSinceBoot();
  const child = spawn('bash', ['-c', script], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  using opened = ProcessNetns.open(child.pid as number);
  t.ok(Math.abs((opened?.startedSeconds ?? 0) - before) < 5);
  child.stdin.end();
  await once(child, 'exit');
});

t.test('a number that no process has opens nothing', async (t) => {
  t.equal(ProcessNetns.open(4_194_304), undefined);
});
