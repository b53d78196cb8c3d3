import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { program, run } from './program.js';
import { makeStage, type Stage } from './stage.js';

const netnsdRunc = program();

async function waitFor(what: string, holds: () => boolean): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error(`${what} did not happen within 5 s`);
}

const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
};

/** The same command line by netnsd-runc and by the fake runtime itself. */
async function both(stage: Stage, options: Parameters<typeof run>[2] = {}) {
  const line = ['run', '-b', stage.bundle, 'c1'];
  const wrapped = await run(netnsdRunc, line, { env: stage.env, ...options });
  const plain = await run(stage.runtime, line, { env: stage.env, ...options });
  return { wrapped, plain };
}

t.test('the runtime has the descriptors of the caller, and none of netnsd-runc’s', async (t) => {
  const stage = makeStage(t, 'ls /proc/$$/fd; cat <&3');
  await stage.startDaemon();
  const passed = () => openSync(stage.path('runc.conf'), 'r');
  const wrapped = await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], {
    env: stage.env,
    stdio: ['pipe', 'pipe', 'pipe', passed(), passed()],
  });
  const plain = await run(stage.runtime, ['run'], {
    env: stage.env,
    stdio: ['pipe', 'pipe', 'pipe', passed(), passed()],
  });
  t.equal(wrapped.stdout, plain.stdout);
  t.match(wrapped.stdout, /^3\n4\n(.*\n)*# nothing set\n$/m);
});

t.test('the runtime has the caller’s stdin, signal mask and ignored signals', async (t) => {
  const stage = makeStage(t, 'cat; grep -E "^(Sig|Shd)(Blk|Ign)" /proc/self/status; ulimit -a');
  await stage.startDaemon();
  const { wrapped, plain } = await both(stage, { input: 'from the caller\n' });
  t.equal(wrapped.stdout, plain.stdout);
  t.match(wrapped.stdout, /^from the caller\nSigBlk/);
  const odd = ['-c', 'trap "" CHLD HUP; "$@"', 'sh'];
  const line = ['run', '-b', stage.bundle, 'c1'];
  const wrappedOdd = await run('/bin/bash', [...odd, netnsdRunc, ...line], { env: stage.env });
  const plainOdd = await run('/bin/bash', [...odd, stage.runtime, ...line], { env: stage.env });
  t.equal(wrappedOdd.stdout, plainOdd.stdout);
  t.not(wrappedOdd.stdout, wrapped.stdout.slice('from the caller\n'.length));
});

t.test('stdio that the caller closed stays closed, and nothing is written in its place', async (t) => {
  const stage = makeStage(t, 'ls -l /proc/$$/fd > "$FAKE_FOLDER/fds"');
  const daemon = await stage.startDaemon();
  const ended = await run('/bin/sh', ['-c', `exec "${netnsdRunc}" run -b "${stage.bundle}" c1 <&- >&- 2>&-`], {
    env: stage.env,
  });
  t.equal(ended.status, 0);
  t.equal(daemon.asked.length, 2);
  t.notMatch(readFileSync(stage.path('fds'), 'utf8'), /null|socket/);
});

t.test('socket activation still means the runtime', async (t) => {
  const stage = makeStage(t, 'test "$LISTEN_PID" = $$ && echo "mine: $LISTEN_FDS"');
  await stage.startDaemon();
  const line = [
    '-c',
    'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"',
    'sh',
    netnsdRunc,
    'run',
    '-b',
    stage.bundle,
    'c1',
  ];
  t.equal((await run('/bin/sh', line, { env: stage.env })).stdout, 'mine: 1\n');
});

t.test('a runtime that a signal ended ends netnsd-runc by the same signal', async (t) => {
  const stage = makeStage(t, 'kill -SEGV $$');
  await stage.startDaemon();
  const { wrapped, plain } = await both(stage);
  t.strictSame([wrapped.status, wrapped.signal], [plain.status, plain.signal]);
  t.equal(wrapped.signal, 'SIGSEGV');
  t.equal(stage.journal().filter((line) => line.startsWith('DELETE')).length, 1, 'and the lease is given back');
});

t.test('signals sent to netnsd-runc reach the runtime', async (t) => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGWINCH', 'SIGQUIT'] as const;
  const traps = signals.map((signal) => `trap 'echo ${signal}' ${signal.slice(3)};`).join(' ');
  const stage = makeStage(t, `${traps} trap 'exit 5' USR2; : > "$FAKE_FOLDER/up"; while :; do sleep 0.01; done`);
  await stage.startDaemon();
  const child = spawn(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env });
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await waitFor('the start of the runtime', () => existsSync(stage.path('up')));
  for (const signal of signals) {
    child.kill(signal);
    await waitFor(signal, () => said.includes(`${signal}\n`));
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGUSR2');
  t.equal(await ended, 5);
  t.equal(said, `${signals.join('\n')}\n`, 'each once');
});

t.test('a signal that kills netnsd-runc kills the runtime', async (t) => {
  const stage = makeStage(t, 'echo $$ > "$FAKE_FOLDER/pid"; exec sleep 60');
  await stage.startDaemon();
  const child = spawn(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env, stdio: 'ignore' });
  await waitFor(
    'the start of the runtime',
    () => existsSync(stage.path('pid')) && readFileSync(stage.path('pid'), 'utf8') !== '',
  );
  const pid = Number(readFileSync(stage.path('pid'), 'utf8'));
  t.ok(isAlive(pid));
  child.kill('SIGKILL');
  await waitFor('the end of the runtime', () => !isAlive(pid));
});

t.test('a runtime that is stopped stops netnsd-runc, and both go on together', async (t) => {
  const stage = makeStage(t, 'echo $$ > "$FAKE_FOLDER/pid"; kill -STOP $$; exit 6');
  await stage.startDaemon();
  const child = spawn(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const state = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.[0];
  await waitFor('the stop', () => state() === 'T');
  child.kill('SIGCONT');
  t.equal(await ended, 6);
});

t.test('a signal that asks for an end while the daemon is asked gives the lease back and starts nothing', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const child = spawn(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env, stdio: 'ignore' });
  daemon.answer = async (asked) => {
    if (asked.method === 'DELETE') return { status: 204 };
    child.kill('SIGTERM');
    await sleep(50);
    return { status: 200, body: { action: 'patched' } };
  };
  t.equal(await new Promise((resolve) => child.once('close', (_, signal) => resolve(signal))), 'SIGTERM');
  t.strictSame(stage.journal(), ['POST /v1/oci/patch', 'DELETE /v1/containers/c1/lease?force=true']);
});

t.test('the runtime keeps the terminal, and the terminal’s interrupt reaches it once', async (t) => {
  // Fields 5 and 8 of stat: the process group, and the one in the terminal's foreground.
  const stage = makeStage(
    t,
    `trap 'echo interrupted' INT; tty; set -- $(cat /proc/$$/stat); test $5 = $8 && echo foreground
    : > "$FAKE_FOLDER/up"; until read line; do :; done; echo "read $line"; exit 8`,
  );
  await stage.startDaemon();
  const terminal = spawn('script', ['-qec', `exec ${netnsdRunc} run -b ${stage.bundle} c1`, '/dev/null'], {
    env: { ...stage.env, SHELL: '/bin/sh' },
  });
  let said = '';
  terminal.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await waitFor('the start of the runtime', () => existsSync(stage.path('up')));
  const ended = new Promise((resolve) => terminal.once('close', resolve));
  terminal.stdin.write('\x03');
  await waitFor('the interrupt', () => said.includes('interrupted'));
  terminal.stdin.write('hello\n');
  t.equal(await ended, 8, said);
  t.match(said, /^\/dev\/pts\/\d+\r\nforeground\r\n/);
  t.match(said, /read hello\r\n$/);
  t.equal(said.split('interrupted').length - 1, 1, said);
});
