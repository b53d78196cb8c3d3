import { chmodSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { program, run } from './program.js';
import { makeStage } from './stage.js';

const netnsdRunc = program();
const RELEASE = 'DELETE /v1/containers/c1/lease';
/** Of a container that is surely no more. */
const OVER = `${RELEASE}?force=true`;

/** What happens, in order, when this command line runs and the runtime ends with `status`. */
const endings = [
  { title: 'a created container keeps its lease', line: ['create'], status: 0, gives: [] },
  { title: 'a create that fails gives it back', line: ['create'], status: 5, gives: [RELEASE] },
  { title: 'a run that ends well gives it back', line: ['run'], status: 0, gives: [OVER] },
  { title: 'a run that ends with its container’s status gives it back', line: ['run'], status: 42, gives: [OVER] },
  { title: 'a detached run keeps it', line: ['run', '--detach'], status: 0, gives: [] },
  { title: 'a detached run that fails gives it back', line: ['run', '-d'], status: 1, gives: [RELEASE] },
  { title: 'a run that keeps its container keeps it', line: ['run', '--keep'], status: 0, gives: [] },
];

for (const { title, line, status, gives } of endings) {
  t.test(`${title}`, async (t) => {
    const stage = makeStage(t, `exit ${status}`);
    await stage.startDaemon();
    const ended = await run(netnsdRunc, [...line, '-b', stage.bundle, 'c1'], { env: stage.env });
    t.equal(ended.status, status, ended.stderr);
    const expected = ['POST /v1/oci/patch', `runtime ${line.join(' ')} -b ${stage.bundle} c1`];
    t.strictSame(stage.journal(), [...expected, ...gives]);
  });
}

t.test('a lease that stood before is not taken from its holder by a start that fails', async (t) => {
  const stage = makeStage(t, 'exit 1');
  const daemon = await stage.startDaemon();
  daemon.answer = (asked) =>
    asked.method === 'DELETE'
      ? { status: 204 }
      : { status: 200, body: { action: 'patched', existing: true, lease: { id: 'default-1' } } };
  for (const command of ['create', 'run'])
    await run(netnsdRunc, [command, '-b', stage.bundle, 'c1'], { env: stage.env });
  t.notOk(stage.journal().some((line) => line.startsWith(RELEASE)));
  await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: { ...stage.env, FAKE_SCRIPT: 'exit 0' } });
  t.ok(stage.journal().includes(OVER), 'but one that ran to its good end gives it back');
});

t.test('delete lets the runtime delete first and then gives the lease back', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const ended = await run(netnsdRunc, ['--root=/r', 'delete', '--force', 'c1'], { env: stage.env });
  t.equal(ended.status, 0, ended.stderr);
  t.strictSame(stage.journal(), ['runtime --root=/r delete --force c1', OVER]);
  t.equal(daemon.asked[0]?.headers['netnsd-runtime-root'], '%2Fr');
  await run(netnsdRunc, ['delete', 'a+b'], { env: stage.env });
  t.equal(stage.journal().at(-1), 'DELETE /v1/containers/a%2Bb/lease?force=true', 'the id is encoded');
});

t.test('a delete that fails leaves the lease, since the container may still run', async (t) => {
  const stage = makeStage(t, 'exit 1');
  await stage.startDaemon();
  t.equal((await run(netnsdRunc, ['delete', 'c1'], { env: stage.env })).status, 1);
  t.strictSame(stage.journal(), ['runtime delete c1']);
});

t.test('a delete by regular expression, or of no possible id, is the runtime’s alone', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  await run(netnsdRunc, ['delete', '--regex', 'c.*'], { env: stage.env });
  await run(netnsdRunc, ['delete', '../c1'], { env: stage.env });
  t.strictSame(stage.journal(), ['runtime delete --regex c.*', 'runtime delete ../c1']);
});

t.test('a delete succeeds without the daemon, with a warning', async (t) => {
  const stage = makeStage(t);
  const ended = await run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
  t.equal(ended.status, 0);
  t.match(
    ended.stderr,
    /^netnsd-runc: warning: the network of container c1 was not given back.*No such file or directory\n$/,
  );
});

t.test('a runtime that cannot be executed gives the lease back', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const env = { ...stage.env, NETNSD_RUNC_RUNTIME: stage.path('broken') };
  writeFileSync(stage.path('broken'), '#!/no/such/interpreter\n');
  chmodSync(stage.path('broken'), 0o755);
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env });
  t.equal(ended.status, 127);
  t.match(ended.stderr, /^netnsd-runc: cannot execute the runtime .*broken: No such file or directory\n$/);
  t.equal(daemon.asked.at(-1)?.method, 'DELETE');
});

t.test('patch and release go over one connection, or over another where the daemon has closed it', async (t) => {
  for (const closes of [false, true]) {
    const stage = makeStage(t, closes ? 'sleep 0.3' : 'exit 0');
    const daemon = await stage.startDaemon({ closeAfterMs: closes ? 50 : undefined });
    const ended = await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env });
    t.equal(ended.status, 0, ended.stderr);
    t.equal(ended.stderr, '', 'nothing to warn of');
    t.equal(stage.journal().at(-1), OVER);
    t.equal(daemon.connections, closes ? 2 : 1);
  }
});

t.test('a daemon that was started anew meanwhile gets the release', async (t) => {
  const stage = makeStage(t, 'sleep 0.5');
  const first = await stage.startDaemon();
  const running = run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env });
  while (!stage.journal().some((line) => line.startsWith('runtime'))) await new Promise((r) => setTimeout(r, 10));
  await first.cutOff();
  await stage.startDaemon();
  t.equal((await running).stderr, '');
  t.equal(stage.journal().at(-1), OVER);
});
