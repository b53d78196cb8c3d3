import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { program, run } from './program.js';
import { makeStage, specWith } from './stage.js';

const netnsdRunc = program();

t.test('without the daemon a container fails with one line that says why', async (t) => {
  const stage = makeStage(t);
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env });
  t.equal(ended.status, 1);
  const why = `netnsd at ${stage.socket} cannot be reached: No such file or directory`;
  t.equal(ended.stderr, `netnsd-runc: cannot give container c1 a network: ${why}\n`);
  t.notOk(existsSync(stage.path('journal')), 'and the runtime never ran');
});

t.test('by the policy empty it starts on an empty network, with a warning', async (t) => {
  const stage = makeStage(t, 'exit 9');
  const env = { ...stage.env, NETNSD_RUNC_ON_FAILURE: 'empty' };
  const ended = await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env });
  t.equal(ended.status, 9);
  t.match(ended.stderr, /^netnsd-runc: warning: container c1 starts with an empty network: netnsd at .*\n$/);
  const daemon = await stage.startDaemon();
  daemon.answer = () => ({
    status: 503,
    body: { code: 'pool_exhausted', detail: 'The pool default is at its max of 2.' },
  });
  t.match(
    (await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env })).stderr,
    /The pool default is at its max of 2\. \(pool_exhausted\)/,
  );
  t.notOk(
    stage.journal().some((line) => line.startsWith('DELETE')),
    'there is nothing to give back',
  );
});

t.test('what is wrong with the request itself fails by either policy', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  daemon.answer = () => ({ status: 404, body: { code: 'pool_not_found', detail: 'No pool is named "x".' } });
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], {
    env: { ...stage.env, NETNSD_RUNC_ON_FAILURE: 'empty' },
  });
  t.equal(ended.status, 1);
  t.equal(
    ended.stderr,
    'netnsd-runc: cannot give container c1 a network: netnsd refuses: No pool is named "x". (pool_not_found)\n',
  );
});

t.test('a path of an earlier run is never used without the daemon, by either policy', async (t) => {
  const stage = makeStage(t);
  stage.writeSpec(
    specWith({ namespaces: [{ type: 'network', path: '/run/x' }], annotations: { 'dev.netnsd.lease': 'default-1' } }),
  );
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], {
    env: { ...stage.env, NETNSD_RUNC_ON_FAILURE: 'empty' },
  });
  t.equal(ended.status, 1);
  t.notOk(existsSync(stage.path('journal')));
});

t.test('errors land in the log in the runtime’s own formats', async (t) => {
  const stage = makeStage(t);
  const log = stage.path('log.json');
  await run(netnsdRunc, ['--log', log, '--log-format', 'json', 'create', '-b', stage.bundle, 'c1'], { env: stage.env });
  const line = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>;
  t.strictSame(Object.keys(line), ['level', 'msg', 'time']);
  t.equal(line['level'], 'error');
  t.match(line['msg'], /^cannot give container c1 a network/);
  t.ok(Math.abs(Date.parse(line['time'] ?? '') - Date.now()) < 60_000);
  const text = stage.path('log.text');
  await run(netnsdRunc, [`--log=file:${text}`, 'create', '-b', stage.bundle, 'c1'], { env: stage.env });
  t.match(
    readFileSync(text, 'utf8'),
    /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=error msg="cannot give container c1 a network: .*"\n$/,
  );
});

t.test('a warning goes to the log alone, since stderr may be the container’s', async (t) => {
  const stage = makeStage(t);
  const log = stage.path('log.json');
  const env = { ...stage.env, NETNSD_RUNC_ON_FAILURE: 'empty' };
  const ended = await run(netnsdRunc, ['--log', log, '--log-format=json', 'create', '-b', stage.bundle, 'c1'], { env });
  t.equal(ended.stderr, '');
  t.equal((JSON.parse(readFileSync(log, 'utf8')) as { level: string }).level, 'warning');
});

t.test('the configuration file is read, and the environment overrides it', async (t) => {
  const stage = makeStage(t, 'exit 4');
  const daemon = await stage.startDaemon();
  const { NETNSD_RUNC_RUNTIME: runtime, NETNSD_SOCKET: socket, ...env } = stage.env;
  writeFileSync(stage.path('runc.conf'), `runtime = ${runtime}\nsocket = ${socket}\npool = web\n`);
  t.equal((await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env })).status, 4);
  t.match(daemon.asked[0]?.body, { pool: 'web' });
  t.equal((await run(netnsdRunc, ['state'], { env: { ...env, NETNSD_RUNC_RUNTIME: '/bin/true' } })).status, 0);
});

t.test('a configuration that is wrong, missing or open to others is refused', async (t) => {
  const stage = makeStage(t);
  const conf = stage.path('runc.conf');
  const refused = async (reason: RegExp) => {
    const ended = await run(netnsdRunc, ['state', 'c1'], { env: stage.env });
    t.strictSame([ended.status, reason.test(ended.stderr)], [1, true], ended.stderr);
  };
  writeFileSync(conf, '\nruntimes = runc\n');
  await refused(/runc\.conf, line 2: runtimes is not a key/);
  writeFileSync(conf, 'runtime = runc\n');
  chmodSync(conf, 0o666);
  await refused(/its group or others may write to it/);
  stage.env['NETNSD_RUNC_CONFIG'] = stage.path('none');
  await refused(/cannot read .*none: No such file or directory/);
  stage.env['NETNSD_RUNC_CONFIG'] = stage.folder;
  await refused(/not a regular file/);
});

t.test('the runtime is found on PATH, runc before crun, and never netnsd-runc itself', async (t) => {
  const stage = makeStage(t);
  const folder = (name: string): string => {
    mkdirSync(stage.path(name));
    return stage.path(name);
  };
  const [linked, hard, crun, runc] = [folder('linked'), folder('hard'), folder('crun'), folder('runc')];
  const program = stage.path('netnsd-runc');
  copyFileSync(netnsdRunc, program);
  symlinkSync(program, `${linked}/runc`);
  linkSync(program, `${hard}/runc`);
  for (const [path, says] of [
    [`${crun}/crun`, 'crun'],
    [`${runc}/runc`, 'runc'],
  ] as const)
    writeFileSync(path, `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
  const { NETNSD_RUNC_RUNTIME: _, ...env } = stage.env;
  const found = async (...folders: string[]) => run(program, ['state'], { env: { ...env, PATH: folders.join(':') } });
  t.equal((await found(linked, hard, crun)).stdout, 'crun\n');
  t.equal((await found(linked, hard, crun, runc)).stdout, 'runc\n');
  t.match(
    (await found(linked, 'crun', '')).stderr,
    /no OCI runtime found: install runc or crun/,
    'and not in relative folders',
  );
  t.match(
    (await run(program, ['state'], { env: { ...env, NETNSD_RUNC_RUNTIME: `${linked}/runc` } })).stderr,
    /is netnsd-runc itself/,
  );
  t.match(
    (await run(program, ['state'], { env: { ...env, NETNSD_RUNC_RUNTIME: 'no-such' } })).stderr,
    /no-such is not on PATH/,
  );
});

t.test('two copies of netnsd-runc that find each other end with an error', async (t) => {
  const stage = makeStage(t);
  const { NETNSD_RUNC_RUNTIME: _, ...env } = stage.env;
  for (const name of ['one', 'two']) {
    mkdirSync(stage.path(name));
    copyFileSync(netnsdRunc, `${stage.path(name)}/runc`);
  }
  const ended = await run(`${stage.path('one')}/runc`, ['state'], {
    env: { ...env, PATH: `${stage.path('one')}:${stage.path('two')}` },
  });
  t.equal(ended.status, 1);
  t.match(ended.stderr, /another copy of netnsd-runc/);
});

t.test('a lease whose path leads nowhere here is given back, and the error says what to do', async (t) => {
  const stage = makeStage(t);
  const daemon = await stage.startDaemon();
  const lease = { id: 'a', netns: { path: stage.path('nowhere'), inode: 1 } };
  daemon.answer = ({ method }) =>
    method === 'DELETE' ? { status: 204 } : { status: 200, body: { action: 'patched', existing: false, lease } };
  const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env: stage.env });
  t.equal(ended.status, 1);
  t.match(
    ended.stderr,
    /^netnsd-runc: cannot give container c1 a network: the path of its lease leads nowhere here; .*--pid host/,
  );
  t.match(
    stage.journal().map((line) => line.split(' ')[0]),
    ['POST', 'DELETE'],
    'and the runtime never ran',
  );
});
