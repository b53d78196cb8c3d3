import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';
import { Daemon, MAIN, SELDOM } from './daemon.js';
import { eventually } from './eye.js';

/** A daemon that the test starts itself, by the command. */
function unstarted(t: Test): { daemon: Daemon; command: string[] } {
  assertSandbox();
  const daemon = new Daemon(mkdtempSync(join(tmpdir(), 'daemon-')), t);
  writeFileSync(daemon.configFile, SELDOM);
  // What is shown if the test fails.
  writeFileSync(join(daemon.folder, 'log'), '');
  const options = ['--config', daemon.configFile, '--state-dir', daemon.stateDir, '--socket', daemon.socket];
  return { daemon, command: [...PLAIN, process.execPath, MAIN, 'serve', ...options] };
}

t.test('a log pipe that is not read blocks neither requests nor the end', async (t) => {
  const { daemon: owned, command } = unstarted(t);
  await using daemon = owned;
  const fifo = join(daemon.folder, 'fifo');
  await execa('mkfifo', [fifo]);
  // Both ends, so that the pipe is neither without a reader nor read.
  const pipe = openSync(fifo, constants.O_RDWR);
  const [file = '', ...args] = command;
  const child = spawn(file, [...args, '--log-level', 'trace'], { stdio: ['ignore', pipe, pipe] });
  const ended = once(child, 'exit');
  await daemon.answers();
  await daemon.filled();
  const probe = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  const isFull = (): boolean => {
    try {
      writeSync(probe, Buffer.alloc(4096));
      return false;
    } catch (error) {
      t.match(error, { code: 'EAGAIN' });
      return true;
    }
  };
  while (!isFull()) {}
  for (let i = 0; i < 100; i += 1) {
    const { status, body } = await daemon.send('POST', '/v1/leases', {});
    t.equal(status, 201);
    await daemon.send('DELETE', `/v1/leases/${(body as { id: string }).id}`);
  }
  child.kill('SIGTERM');
  t.same(await ended, [0, null]);
  for (const fd of [probe, pipe]) closeSync(fd);
});

t.test('on a terminal the log is for people to read', async (t) => {
  const { daemon: owned, command } = unstarted(t);
  await using daemon = owned;
  const typescript = join(daemon.folder, 'typescript');
  const terminal = execa('script', ['-qfc', command.join(' '), typescript], { reject: false, stdin: 'ignore' });
  await daemon.answers();
  const text = (): string => readFileSync(typescript, 'utf8');
  await eventually('the log has a line', () => /INFO.*netnsd is ready/.test(text()));
  t.notMatch(text(), /"level":/, 'no JSON');
  await daemon.down();
  await terminal;
  t.match(text(), /stopping; leased endpoints stay as they are/);
});
