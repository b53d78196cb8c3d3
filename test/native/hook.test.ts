import { spawn } from 'node:child_process';
import t from 'tap';
import { program, run } from './program.js';
import { makeStage, type Stage } from './stage.js';

const netnsdRunc = program();

function state(stage: Stage, more: object = {}): string {
  return JSON.stringify({
    ociVersion: '1.0.2',
    id: 'c1',
    status: 'creating',
    pid: 4194303,
    bundle: stage.bundle,
    ...more,
  });
}

const hook = (stage: Stage, name: string, input: string | Buffer | null, env: NodeJS.ProcessEnv = {}) =>
  run(netnsdRunc, ['hook', name], { env: { ...stage.env, ...env }, input });

t.test('createRuntime asks for a graft with what the state says', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const annotations = { 'dev.netnsd.pool': 'web', 'dev.netnsd.tenant': 'acme' };
  const ended = await hook(stage, 'createRuntime', state(stage, { annotations }));
  t.strictSame([ended.status, ended.stdout, ended.stderr], [0, '', '']);
  const body = { bundle: stage.bundle, containerId: 'c1', pool: 'web', tenant: 'acme', pid: 4194303 };
  t.strictSame(
    daemon.asked.map((asked) => [asked.method, asked.url, asked.body]),
    [['POST', '/v1/oci/graft', body]],
  );
});

t.test('poststop gives the lease back', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const ended = await hook(stage, 'poststop', state(stage, { status: 'stopped', pid: 0 }));
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.strictSame(stage.journal(), ['DELETE /v1/containers/c1/lease']);
  await hook(stage, 'createRuntime', state(stage));
  const roots = daemon.asked.map(({ headers }) => decodeURIComponent(String(headers['netnsd-runtime-root'])));
  t.strictSame(roots, [stage.bundle, stage.bundle], 'one container by both, apart from others of its id');
});

t.test('a hook keeps away from skipped containers and from those on the host network', async (t) => {
  const stage = makeStage(t);
  const skipped = state(stage, { annotations: { 'dev.netnsd.skip': 'true' } });
  t.equal((await hook(stage, 'createRuntime', skipped)).status, 0);
  t.equal((await hook(stage, 'poststop', skipped)).status, 0);
  const process = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => process.kill());
  t.equal(
    (await hook(stage, 'createRuntime', state(stage, { pid: process.pid }))).status,
    0,
    'a process in our own network namespace',
  );
});

t.test('a hook that cannot reach the daemon follows the policy', async (t) => {
  const stage = makeStage(t);
  const failed = await hook(stage, 'createRuntime', state(stage));
  t.equal(failed.status, 1);
  t.match(
    failed.stderr,
    /^netnsd-runc: cannot give container c1 a network: netnsd at .* cannot be reached: No such file or directory\n$/,
  );
  const empty = await hook(stage, 'createRuntime', state(stage), { NETNSD_RUNC_ON_FAILURE: 'empty' });
  t.equal(empty.status, 0);
  t.match(empty.stderr, /^netnsd-runc: warning: container c1 starts with an empty network/);
  const poststop = await hook(stage, 'poststop', state(stage));
  t.equal(poststop.status, 1);
  t.match(poststop.stderr, /^netnsd-runc: cannot give back the network of container c1: netnsd at /);
});

t.test('wrong usage of the hook ends with status 2 and says how it is used', async (t) => {
  const stage = makeStage(t);
  for (const args of [['hook'], ['hook', 'prestart'], ['hook', 'poststop', 'more']]) {
    const ended = await run(netnsdRunc, args, { env: stage.env });
    t.strictSame([ended.status, ended.stderr.split('\n').length], [2, 2], args.join(' '));
    t.match(ended.stderr, /^netnsd-runc: usage: netnsd-runc hook createRuntime\|poststop/);
  }
});

t.test('a state that is broken, too large or never ends is a clear error', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const cases: [string, string | Buffer | null, RegExp][] = [
    ['nothing', '', /it is not valid JSON/],
    ['garbage', Buffer.alloc(1000, 0xff), /it is not valid JSON/],
    ['half a state', state(stage).slice(0, -5), /it is not valid JSON/],
    ['2 MiB', Buffer.alloc(2 * 1024 * 1024, ' '), /larger than 1048576 bytes/],
    ['an open pipe', null, /did not end on stdin within 200 ms/],
    ['a bad id', state(stage, { id: 'a/../b' }), /its id is no container's id/],
    ['a bad pid', state(stage, { pid: 'one' }), /its pid is no process id/],
    ['no pid', state(stage, { pid: undefined }), /its state names no pid/],
    ['a relative bundle', state(stage, { bundle: 'b' }), /its bundle is no absolute path/],
  ];
  for (const [title, input, reason] of cases) {
    const ended = await hook(stage, 'createRuntime', input, { NETNSD_RUNC_DEADLINE_MS: '200' });
    t.equal(ended.status, 1, title);
    t.match(ended.stderr, reason, title);
    t.equal(ended.stderr.split('\n').length, 2, 'in one line');
  }
  t.strictSame(stage.journal(), []);
});
