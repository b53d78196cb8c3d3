import { mkdirSync, symlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { program, run } from './program.js';
import { makeStage, runtimeArguments, specWith } from './stage.js';

const netnsdRunc = program();

t.test('create asks the daemon, then executes the runtime with its arguments untouched', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const args = [
    '--root',
    '/r',
    '--log',
    stage.path('log'),
    'create',
    '--bundle',
    stage.bundle,
    '--pid-file',
    'a b',
    'c1',
  ];
  const ended = await run(netnsdRunc, args, { env: stage.env });
  t.equal(ended.status, 0, ended.stderr);
  t.strictSame(stage.journal(), ['POST /v1/oci/patch', `runtime ${args.join(' ')}`]);
  t.strictSame(runtimeArguments(stage), args);
  t.strictSame(daemon.asked[0]?.body, { bundle: stage.bundle, containerId: 'c1' });
  t.equal(daemon.asked[0]?.headers['netnsd-runtime-root'], '%2Fr');
  t.equal(daemon.asked[0]?.headers['content-type'], 'application/json');
});

t.test('the bundle and the id are understood in every style of flags', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const lines = [
    ['create', '-b', stage.bundle, 'c1'],
    [`create`, `-bundle=${stage.bundle}`, 'c1'],
    ['--debug', 'create', 'c1', '--bundle', stage.bundle],
    ['-root=/r', '-log-format', 'json', 'create', '-bundle', stage.bundle, '--', 'c1'],
    ['--cgroup-manager', 'disabled', 'run', `-db${stage.bundle}`, 'c1'],
    [
      '--debug-command',
      'create',
      '--network=host',
      '--rootless',
      'create',
      '--user-log=/u',
      `--bundle=${stage.bundle}`,
      'c1',
    ],
  ];
  for (const line of lines) {
    daemon.asked.length = 0;
    const ended = await run(netnsdRunc, line, { env: stage.env });
    t.equal(ended.status, 0, ended.stderr);
    t.strictSame(daemon.asked[0]?.body, { bundle: stage.bundle, containerId: 'c1' }, line.join(' '));
    t.strictSame(runtimeArguments(stage), line);
  }
});

t.test('without --bundle it is the working directory, and a relative one is made absolute', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  await run(netnsdRunc, ['create', 'c1'], { env: stage.env, cwd: stage.bundle });
  mkdirSync(stage.path('deep'));
  await run(netnsdRunc, ['create', '--bundle', '../bundle/', 'c1'], { env: stage.env, cwd: stage.path('deep') });
  t.strictSame(
    daemon.asked.map((asked) => asked.body),
    Array(2).fill({ bundle: stage.bundle, containerId: 'c1' }),
  );
});

t.test('containers that do not concern netnsd pass through without asking, daemon or not', async (t) => {
  const stage = makeStage(t, 'exit 7');
  const specs = {
    'the host network': specWith({ namespaces: [{ type: 'pid' }] }),
    'no linux part': { ociVersion: '1.0.2' },
    'a path of its own': specWith({ namespaces: [{ type: 'network', path: '/proc/1/ns/net' }] }),
    'the skip annotation': specWith({ annotations: { 'dev.netnsd.skip': 'true' } }),
  };
  for (const [title, spec] of Object.entries(specs)) {
    stage.writeSpec(spec);
    const ended = await run(netnsdRunc, ['create', '--bundle', stage.bundle, title], { env: stage.env });
    t.equal(ended.status, 7, `${title}: ${ended.stderr}`);
    t.equal(ended.stderr, '');
  }
  symlinkSync(stage.bundle, stage.path('link'));
  t.equal(
    (await run(netnsdRunc, ['run', '-b', stage.path('link'), 'c 1'], { env: stage.env })).status,
    7,
    'whatever its bundle and id look like',
  );
});

t.test('commands without part in networks, help and wrong usage reach the runtime, daemon or not', async (t) => {
  const stage = makeStage(t, 'echo told; exit 3');
  const lines = [
    [],
    ['--version'],
    ['state', 'c1'],
    ['exec', 'c1', 'create'],
    ['nonsense'],
    ['create'],
    ['create', '--help'],
    ['run', 'a', 'b'],
  ];
  for (const line of lines) {
    const ended = await run(netnsdRunc, line, { env: stage.env });
    t.strictSame([ended.status, ended.stdout, ended.stderr], [3, 'told\n', ''], line.join(' '));
    t.strictSame(runtimeArguments(stage), line);
  }
});

t.test('a container that the daemon passes through is started, and nothing is given back', async (t) => {
  const stage = makeStage(t, 'exit 1');
  const daemon = await stage.startDaemon();
  daemon.answer = () => ({ status: 200, body: { action: 'passthrough', reason: 'the host network' } });
  t.equal((await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env })).status, 1);
  t.strictSame(stage.journal(), ['POST /v1/oci/patch', `runtime run -b ${stage.bundle} c1`]);
});

t.test('the configured pool and tenant are asked for', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const env = { ...stage.env, NETNSD_RUNC_POOL: 'web', NETNSD_RUNC_TENANT: 'a "b"' };
  await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env });
  t.strictSame(daemon.asked[0]?.body, { bundle: stage.bundle, containerId: 'c1', pool: 'web', tenant: 'a "b"' });
});

t.test('a path that netnsd wrote in an earlier run is asked for again', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  stage.writeSpec(
    specWith({ namespaces: [{ type: 'network', path: '/run/x' }], annotations: { 'dev.netnsd.lease': 'default-1' } }),
  );
  t.equal((await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env })).status, 0);
  t.equal(stage.journal()[0], 'POST /v1/oci/patch');
});

t.test('restore leases as run does, and never uses the path of an earlier lease', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  stage.writeSpec(
    specWith({ namespaces: [{ type: 'network', path: '/run/x' }], annotations: { 'dev.netnsd.lease': 'default-1' } }),
  );
  const args = [
    'restore',
    '--detach',
    '--image-path',
    '/images/c1',
    '--tcp-established',
    '--bundle',
    stage.bundle,
    'c1',
  ];
  t.equal((await run(netnsdRunc, args, { env: stage.env })).status, 0);
  t.strictSame(stage.journal(), ['POST /v1/oci/patch', `runtime ${args.join(' ')}`]);
  t.strictSame(daemon.asked[0]?.body, { bundle: stage.bundle, containerId: 'c1' });
  await daemon.close();
  const without = await run(netnsdRunc, args, { env: { ...stage.env, NETNSD_RUNC_DEADLINE_MS: '100' } });
  t.equal(without.status, 1);
  t.match(without.stderr, /cannot give container c1 a network/);
});

t.test('fifty containers at once each ask once and start', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const ended = await Promise.all(
    ids.map((id) => run(netnsdRunc, ['create', '-b', stage.bundle, id], { env: stage.env })),
  );
  t.ok(ended.every(({ status }) => status === 0));
  t.strictSame(daemon.asked.map((asked) => (asked.body as { containerId: string }).containerId).sort(), ids.sort());
});

t.test('the same root is named the same way from wherever it is given', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  for (const root of [stage.path('state'), `${stage.path('state')}/`, 'state', 'state//']) {
    await run(netnsdRunc, ['--root', root, 'create', '-b', stage.bundle, 'c1'], { env: stage.env, cwd: stage.folder });
  }
  t.strictSame(
    daemon.asked.map((asked) => decodeURIComponent(String(asked.headers['netnsd-runtime-root']))),
    Array(4).fill(stage.path('state')),
  );
});

t.test('a daemon that comes while a container starts serves it', async (t) => {
  const stage = makeStage(t);
  const env = { ...stage.env, NETNSD_RUNC_DEADLINE_MS: '60000' };
  const ending = run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env });
  await delay(50);
  await stage.startDaemon();
  const ended = await ending;
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.strictSame(stage.journal(), ['POST /v1/oci/patch', `runtime create -b ${stage.bundle} c1`]);
});

t.test('where not even the folder of the socket is there, no daemon is waited for', async (t) => {
  const stage = makeStage(t);
  const env = { ...stage.env, NETNSD_SOCKET: stage.path('nowhere/socket'), NETNSD_RUNC_DEADLINE_MS: '600000' };
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env });
  t.equal(ended.status, 1);
  t.match(ended.stderr, /cannot be reached: No such file or directory/);
});
