import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const MODULE = fileURLToPath(new URL('../../../src/daemon/signals.js', import.meta.url));
const ENDING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const IGNORED = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU'];

/** A process that handles signals as the daemon does, and prints what it does. */
const SCRIPT = `
const { Signals } = await import(process.argv[1]);
const signals = new Signals({
  log: { info: (_, message) => console.log(message) },
  reload: () => console.log('reloaded'),
});
if (process.argv[2] === 'serving') signals.serving();
console.log('begun');
const alive = setInterval(() => undefined, 1000);
signals.ending.then((signal) => {
  console.log('ending by ' + signal);
  if (process.argv[3] === 'quick') clearInterval(alive), signals[Symbol.dispose]();
});
`;

function start(t: Test, ...args: string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, MODULE, ...args], { env });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const says = async (line: string): Promise<void> => {
    while (!output.split('\n').includes(line)) {
      const end = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended]);
      if (end !== undefined && !output.split('\n').includes(line))
        throw new Error(`It ended (${JSON.stringify(end)}) without ${line}: ${output}${errors}`);
    }
  };
  return { child, says, ended, errors: () => errors };
}

t.test('signals that would kill a process, or open its debugger, are logged and ignored', async (t) => {
  const { child, says, ended, errors } = start(t, 'serving', 'quick');
  await says('begun');
  for (const signal of IGNORED) {
    child.kill(signal as NodeJS.Signals);
    await says(`${signal} ignored`);
  }
  child.kill('SIGHUP');
  await says('reloaded');
  child.kill('SIGTERM');
  await says('ending by SIGTERM');
  t.same(await ended, { code: 0, signal: null });
  t.equal(errors(), '', 'no debugger listens');
});

for (const signal of ENDING) {
  t.test(`${signal} ends a daemon, at once when it comes twice`, async (t) => {
    const { child, says, ended } = start(t, 'serving');
    await says('begun');
    child.kill(signal);
    await says(`ending by ${signal}`);
    child.kill('SIGTERM');
    t.same(await ended, { code: 143, signal: null });
  });

  t.test(`${signal} ends a daemon that starts, without waiting for the start`, async (t) => {
    const { child, says, ended } = start(t, 'starting');
    await says('begun');
    child.kill(signal);
    t.same(await ended, { code: null, signal: signal === 'SIGQUIT' ? 'SIGTERM' : signal });
    await says('stopped during startup; the next start continues');
  });
}
