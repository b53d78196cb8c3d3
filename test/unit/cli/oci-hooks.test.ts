import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from './fake.js';

const PROGRAM = '/opt/netnsd/netnsd-runc';

t.test('oci hooks prints what belongs into a spec', async (t) => {
  const { status, stdout } = await run(['oci', 'hooks', '--program', PROGRAM]);
  t.equal(status, 0);
  const { hooks } = JSON.parse(stdout);
  t.strictSame(Object.keys(hooks), ['createRuntime', 'poststop']);
  t.strictSame(hooks.poststop, [{ path: PROGRAM, args: ['netnsd-runc', 'hook', 'poststop'] }]);
});

t.test('another socket goes into the hooks, however it is named', async (t) => {
  const byOption = await run(['oci', 'hooks', '--program', PROGRAM, '--socket', '/srv/n.sock']);
  const byEnvironment = await run(['oci', 'hooks', '--program', PROGRAM], { env: { NETNSD_SOCKET: '/srv/n.sock' } });
  for (const { stdout } of [byOption, byEnvironment])
    t.strictSame(JSON.parse(stdout).hooks.createRuntime[0].env, ['NETNSD_SOCKET=/srv/n.sock']);
});

t.test('the program is looked for on PATH, and its absence is said', async (t) => {
  const folder = t.testdir({ empty: {}, bin: { 'netnsd-runc': '' } });
  const env = { PATH: `relative:${folder}/empty:${folder}/bin` };
  const missing = await run(['oci', 'hooks'], { env });
  t.equal(missing.status, 1, 'a file that cannot be executed is no program');
  t.match(missing.stderr, /^netnsd: netnsd-runc is not on PATH: .*--program/);
  chmodSync(join(folder, 'bin/netnsd-runc'), 0o755);
  const { stdout } = await run(['oci', 'hooks'], { env });
  t.equal(JSON.parse(stdout).hooks.createRuntime[0].path, join(folder, 'bin/netnsd-runc'));
});

t.test('--hooks-d writes a file a stage, over older ones, and prints their paths', async (t) => {
  const folder = t.testdir();
  writeFileSync(join(folder, 'netnsd-poststop.json'), 'old');
  const { status, stdout } = await run(['oci', 'hooks', '--hooks-d', folder, '--program', PROGRAM]);
  t.equal(status, 0);
  const names = ['netnsd-createRuntime.json', 'netnsd-poststop.json'];
  t.strictSame(
    stdout.trim().split('\n'),
    names.map((name) => join(folder, name)),
  );
  t.strictSame(readdirSync(folder).sort(), names, 'and nothing else');
  const file = JSON.parse(readFileSync(join(folder, 'netnsd-poststop.json'), 'utf8'));
  t.match(file, { version: '1.0.0', stages: ['poststop'], hook: { path: PROGRAM }, when: { annotations: {} } });
  await run(['oci', 'hooks', '--hooks-d', folder, '--program', PROGRAM, '--always']);
  t.match(JSON.parse(readFileSync(join(folder, 'netnsd-createRuntime.json'), 'utf8')).when, { always: true });
});

t.test('wrong usage and a directory that is not there are told apart from success', async (t) => {
  const always = await run(['oci', 'hooks', '--always', '--program', PROGRAM]);
  t.equal(always.status, 2);
  t.match(always.stderr, /--always requires --hooks-d/);
  const nowhere = await run(['oci', 'hooks', '--hooks-d', '/nowhere/hooks.d', '--program', PROGRAM]);
  t.equal(nowhere.status, 2);
  t.match(nowhere.stderr, /cannot write \/nowhere\/hooks\.d\/netnsd-createRuntime\.json: the directory does not exist/);
});
