import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';
import { Daemon, MAIN, SELDOM, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

/** Would end a process, or open Node.js's debugger. */
const IGNORED = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU'];

t.test('signals leave a daemon and its leases alone, and open no port', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  for (const signal of IGNORED) {
    process.kill(daemon.pid, signal);
    await eventually(`${signal} is logged`, () => daemon.log().includes(`${signal} ignored`));
  }
  t.equal((await execa('ss', ['-Hltn'])).stdout, '', 'no debugger listens');
  t.same(await daemon.leases(), [lease]);
});

t.test('SIGHUP reads log_level again, and keeps it where the configuration is no configuration', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const hup = async (config: string, line: RegExp): Promise<void> => {
    writeFileSync(daemon.configFile, config);
    process.kill(daemon.pid, 'SIGHUP');
    await eventually(`${line} is logged`, () => line.test(daemon.log()));
  };
  await hup(`log_level = "debug"\n${SELDOM}`, /"level":"debug","msg":"SIGHUP: log_level was read again/);
  const lease = await daemon.acquire('--id', 'one');
  await daemon.cli('renew', lease.id, '--ttl', '600');
  await eventually('debug lines are logged', () => /^\{"level":20,/m.test(daemon.log()));
  await hup('log_level = 3', /SIGHUP: failed to read the configuration/);
  t.equal((await daemon.leases()).length, 1);
  writeFileSync(daemon.configFile, SELDOM);
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  t.test(`${signal} ends the daemon as SIGTERM does`, async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
    const lease = await daemon.acquire('--id', 'one');
    t.equal(await daemon.stop(signal), 0);
    t.match(daemon.log(), `"signal":"${signal}","msg":"stopping`);
    t.ok(existsSync(lease.netns.path));
  });
}

t.test('a log pipe that is not read blocks neither requests nor the end', async (t) => {
  assertSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  await using daemon = new Daemon(folder, t);
  writeFileSync(daemon.configFile, SELDOM);
  writeFileSync(join(folder, 'log'), '');
  const fifo = join(folder, 'fifo');
  await execa('mkfifo', [fifo]);
  // Both ends, so that the pipe is neither without a reader nor read.
  const pipe = openSync(fifo, constants.O_RDWR);
  const [command, ...plain] = PLAIN;
  const options = ['--config', daemon.configFile, '--state-dir', daemon.stateDir, '--socket', daemon.socket];
  const child = spawn(command, [...plain, process.execPath, MAIN, 'serve', ...options, '--log-level', 'trace'], {
    stdio: ['ignore', pipe, pipe],
  });
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
