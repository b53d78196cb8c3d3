import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { Answer, Asked } from './fake-daemon.js';
import { type Ended, frontProgram, run } from './program.js';
import { layOutShelf, type Shelf } from './shelf-stage.js';
import { makeStage, type Stage, specWith } from './stage.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = join(TOP, 'dist/src/main.js');
const front = frontProgram({ sanitized: true });

/** A lease as the daemon's API gives it. */
function leaseOf(id: string, more: object = {}) {
  return {
    id,
    pool: 'default',
    containerId: null,
    tenant: 'default',
    trust: 'unknown',
    source: 'cold',
    acquiredAt: '2026-01-02T03:04:05.006Z',
    expiresAt: null,
    netns: { path: `/run/netnsd/netns/${id}`, inode: 4026532287 },
    interface: { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500, hostName: 'nd-1' },
    addresses: [
      { address: '10.213.0.12/16', gateway: '10.213.0.1' },
      { address: 'fd00::2/64', gateway: 'fd00::1' },
    ],
    routes: [],
    publishedPorts: [],
    dns: { servers: ['9.9.9.9'], search: [], options: [] },
    ...more,
  };
}

/** Answers as the daemon does; what it is asked for decides. */
function answer({ method, url, body }: Asked): Answer {
  const { pool, count, containerId, ttl } = (body ?? {}) as Record<string, never>;
  const problem = (status: number, code: string, detail: string) => ({ status, body: { code, detail, status } });
  if (pool === 'none') return problem(404, 'pool_not_found', 'no pool is named "none"; the pools are: default');
  if (pool === 'bad') return problem(400, 'bad_request', 'body/wait must be <= 3600,\n  which \u001b[31mit is not');
  if (pool === 'odd') return problem(503, 'a_code_of_tomorrow', 'tomorrow’s error');
  if (pool === 'mute') return { status: 500, body: {} };
  if (method === 'POST' && count !== undefined)
    return { status: 201, body: { leases: ids(count).map((id) => leaseOf(id)) } };
  if (method === 'POST')
    return { status: 201, body: leaseOf('5f3a9c0d1e2b4a68', { containerId: containerId ?? null }) };
  if (method === 'PATCH' && url.endsWith('/gone')) return problem(404, 'lease_not_found', 'there is no lease gone');
  if (method === 'PATCH') return { status: 200, body: leaseOf('a', { expiresAt: `after ${ttl} s` }) };
  if (method === 'DELETE' && url.includes('used')) return problem(409, 'lease_in_use', 'process 7 is inside');
  if (method === 'DELETE') return { status: 204 };
  const held = new URL(url, 'http://x').searchParams.get('containerId');
  return {
    status: 200,
    body: { leases: held === 'two' ? [leaseOf('a1'), leaseOf('used')] : held === 'one' ? [leaseOf('a1')] : [] },
  };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

const environment = (stage: Stage) => ({
  PATH: process.env['PATH'],
  HOME: stage.folder,
  NETNSD_SOCKET: stage.socket,
  ASAN_OPTIONS: 'detect_leaks=0',
});
const said = ({ status, stdout, stderr }: Ended) => ({
  status,
  stdout: stdout.replace(/ in \d+ µs/, ' in N µs'),
  stderr,
});

/** What one program asked, and then handed to the other, is asked twice. */
const unique = (asked: readonly unknown[]) => [...new Set(asked.map((one) => JSON.stringify(one)))];

/** Runs both programs with the same arguments; also what each asked and what it made of the bundle. */
async function both(stage: Stage, asked: () => unknown[], args: readonly string[]) {
  const outcomes = [];
  const spec = () => readFileSync(`${stage.bundle}/config.json`, 'utf8');
  for (const [file, first] of [
    [front, []],
    [process.execPath, [MAIN]],
  ] as const) {
    const before = asked().length;
    stage.writeSpec(specWith({ annotations: { a: 'b' } }));
    const ended = await run(file, [...first, ...args], { env: environment(stage), cwd: stage.folder, input: '' });
    outcomes.push({ ...said(ended), asked: unique(asked().slice(before)), spec: spec() });
  }
  return outcomes as [object, object];
}

const lines = [
  'acquire',
  'acquire --path',
  'acquire --json',
  'acquire --json --id web-1 --tenant blue --pool default --wait 0 --ttl 0.50 --pid 007',
  'acquire --id=web-1 --id web-2 --path',
  'acquire --count 3',
  'acquire --count 1 --json',
  'acquire --count 3 --path',
  'acquire --pool none',
  'acquire --pool bad',
  'acquire --pool odd --json',
  'acquire --pool mute',
  'acquire --id a --count 2',
  'acquire --path --json',
  'acquire --count 0',
  'acquire --ttl 0',
  'acquire --wait 1e3',
  'acquire --id=',
  'acquire --id',
  'acquire --nonsense',
  'acquire operand',
  'acquire --json=yes',
  'acquire --help',
  'release a b used c',
  'release --id one',
  'release --id two',
  'release --id two --pool web/1 --force',
  'release --id none',
  'release',
  'release a --id one',
  'release a --pool x',
  'release --help',
  'renew a --ttl 600',
  'renew a --ttl=0.5 --json',
  'renew gone --ttl 1',
  'renew a',
  'renew --ttl 1',
  'renew --help',
  'oci patch bundle --id web-1',
  'oci patch ./bundle/ --id web-2 --json',
  'oci patch nowhere --id web-1',
  'oci patch bundle',
  'oci patch --help',
  'oci nothing',
  '--version',
  'no-such-command',
];

for (const part of [0, 1, 2, 3]) {
  t.test(`both programs say, ask and do the same, part ${part}`, async (t) => {
    const stage = makeStage(t);
    const daemon = await stage.startDaemon();
    daemon.answer = answer;
    const asked = () => daemon.asked.map(({ method, url, body }) => ({ method, url, body }));
    for (const line of lines.filter((_, index) => index % 4 === part)) {
      const [native, node] = await both(stage, asked, line.split(' '));
      t.strictSame(native, node, line);
    }
  });
}

t.test('both programs say the same of a daemon that is not there', async (t) => {
  const stage = makeStage(t);
  for (const socket of [stage.path('nowhere/socket'), `/${'x'.repeat(200)}`, stage.path('bundle/config.json/socket')]) {
    const [native, node] = await both(stage, () => [], ['acquire', '--socket', socket]);
    t.strictSame(native, node, socket);
  }
});

t.test('what the native program knows of the commands is what src/cli says of them', async (t) => {
  const { renderCommands } = (await import(join(TOP, 'native-scripts/commands.mjs'))) as { renderCommands(): string };
  t.equal(readFileSync(join(TOP, 'native-scripts/netnsd/commands.h'), 'utf8'), renderCommands());
});

t.test('the native program keeps the capabilities of the daemon that src/kernel lists', async (t) => {
  const { renderCapabilities } = await import(join(TOP, 'native-scripts/capabilities.mjs'));
  t.equal(readFileSync(join(TOP, 'native-scripts/netnsd/capabilities.h'), 'utf8'), renderCapabilities());
});

/** The native program alone, on a shelf and without a daemon. */
function shelved(t: Test, options: { offers?: number } = {}) {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, options);
  const call = (...args: string[]) => run(front, args, { env: environment(stage), cwd: stage.folder, input: '' });
  return { stage, shelf, call };
}

function entries(shelf: Shelf) {
  return ['taken', 'standing', 'returned'].map((name) => shelf.names(name).length);
}

t.test('an endpoint is taken and given back without a daemon', async (t) => {
  const { shelf, call } = shelved(t);
  const acquired = await call('acquire', '--id', 'web-1', '--path');
  t.strictSame(said(acquired), { status: 0, stdout: `${shelf.netns('default-1')}\n`, stderr: '' });
  t.strictSame([entries(shelf), shelf.names('taken')], [[1, 0, 0], ['web-1']]);
  const { lease, spec, tenant } = shelf.holder('web-1');
  t.strictSame([spec, tenant], ['', 'default']);
  const released = await call('release', '--id', 'web-1');
  t.strictSame(said(released), { status: 0, stdout: `released ${lease}\n`, stderr: '' });
  t.strictSame(entries(shelf), [0, 0, 1]);
});

t.test('a lease of no container is called by its id', async (t) => {
  const { shelf, call } = shelved(t, { offers: 2 });
  const ended = await call('acquire', '--json', '--ttl', '1.5', '--tenant', 'blue', '--pid', String(process.pid));
  t.strictSame([ended.status, ended.stderr], [0, '']);
  const lease = JSON.parse(ended.stdout);
  t.equal(ended.stdout, `${JSON.stringify(lease, null, 2)}\n`);
  const holder = shelf.holder(`@${lease.id}`);
  const { token: _, pool, ...facts } = JSON.parse(shelf.text(`default-${lease.addresses[0].address.split(/[./]/)[3]}`));
  t.strictSame(lease, {
    id: holder.lease,
    pool,
    containerId: null,
    tenant: 'blue',
    trust: 'unknown',
    source: 'warm',
    acquiredAt: new Date(holder.takenAtMs).toISOString(),
    expiresAt: new Date(holder.takenAtMs + 1500).toISOString(),
    ...facts,
    process: holder.process,
  });
  t.match(holder, { ttlMs: 1500, tenant: 'blue', process: { pid: process.pid } });
  const stat = readFileSync('/proc/self/stat', 'utf8');
  t.equal(holder.process?.startTicks, Number(stat.slice(stat.lastIndexOf(')')).split(' ')[20]));
  t.strictSame(said(await call('release', lease.id)), { status: 0, stdout: `released ${lease.id}\n`, stderr: '' });
  t.strictSame(entries(shelf), [0, 0, 1]);
});

t.test('several are taken together, or none', async (t) => {
  const { stage, shelf, call } = shelved(t, { offers: 3 });
  const ended = await call('acquire', '--count', '2');
  t.match(ended.stdout, /^LEASE +PATH +ADDRESS +GATEWAY +SOURCE\n.*\n.*\n2 leases in \d+ µs\n$/);
  t.strictSame(entries(shelf), [2, 0, 0]);
  const daemon = await stage.startDaemon();
  daemon.answer = answer;
  t.equal((await call('acquire', '--count', '2', '--path')).stdout.split('\n').length, 3);
  t.strictSame(
    daemon.asked.map(({ body }) => body),
    [{ count: 2 }],
  );
  t.strictSame(entries(shelf), [2, 0, 1], 'the one that was left went back');
});

t.test('a lease with a process inside is released by force only', async (t) => {
  const { stage, shelf, call } = shelved(t, { offers: 0 });
  const daemon = await stage.startDaemon();
  daemon.answer = answer;
  const own = Number(/\d+/.exec(execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }))?.[0]);
  const text = JSON.parse(shelf.text('default-1'));
  symlinkSync(
    JSON.stringify({ ...text, netns: { path: '/proc/self/ns/net', inode: own } }),
    shelf.path('taken', 'web-1'),
  );
  writeFileSync(shelf.path('holders', 'web-1'), '{"lease":"0123456789abcdef","tenant":"default"}\n');
  await call('release', '--id', 'web-1');
  t.strictSame(
    [entries(shelf), daemon.asked.length > 0],
    [[1, 0, 0], true],
    'the daemon is asked, to say who is inside',
  );
  const forced = await call('release', '--id', 'web-1', '--force');
  t.strictSame([forced.stdout, entries(shelf)], ['released 0123456789abcdef\n', [0, 0, 1]]);
});

t.test('a bundle is patched as the JavaScript program patches it', async (t) => {
  const { stage, shelf, call } = shelved(t);
  const spec = JSON.stringify(specWith({ annotations: { a: 'b' } }), null, '\t');
  writeFileSync(`${stage.bundle}/config.json`, spec);
  const ended = await call('oci', 'patch', 'bundle', '--id', 'web-1');
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.match(ended.stdout, new RegExp(`\\npatched ${stage.bundle}/config\\.json\\n$`));
  t.equal(shelf.holder('web-1').spec, spec, 'and the daemon is told what its container may do');
  const patched = readFileSync(`${stage.bundle}/config.json`, 'utf8');
  const other = stage.path('other');
  mkdirSync(other);
  writeFileSync(`${other}/config.json`, spec);
  rmSync(shelf.folder, { recursive: true });
  const daemon = await stage.startDaemon();
  daemon.answer = ({ method }) =>
    method === 'GET'
      ? { status: 200, body: { leases: [] } }
      : { status: 201, body: leaseOf('a', { netns: JSON.parse(shelf.text('default-1')).netns }) };
  await run(process.execPath, [MAIN, 'oci', 'patch', 'other', '--id', 'web-1'], {
    env: environment(stage),
    cwd: stage.folder,
  });
  t.equal(patched, readFileSync(`${other}/config.json`, 'utf8'));
});

t.test('Node.js is found beside the program, by NETNSD_NODE, or on PATH', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-front-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist/bin'), { recursive: true });
  mkdirSync(join(folder, 'dist/src'));
  writeFileSync(join(folder, 'dist/src/main.js'), '');
  const copy = join(folder, 'dist/bin/netnsd');
  execFileSync('cp', [frontProgram({ sanitized: false }), copy]);
  symlinkSync(copy, join(folder, 'netnsd'));
  const script = (name: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    return join(folder, name);
  };
  script('node');
  const call = (env: NodeJS.ProcessEnv) => run(join(folder, 'netnsd'), ['status', 'a b'], { env });
  const main = `${folder}/dist/bin/../src/main.js status a b\n`;
  t.equal((await call({ PATH: `${folder}:${process.env['PATH']}` })).stdout, `node ${main}`);
  script('dist/bin/node');
  t.equal((await call({ PATH: `${folder}:${process.env['PATH']}` })).stdout, `dist/bin/node ${main}`);
  t.equal((await call({ PATH: process.env['PATH'], NETNSD_NODE: script('other') })).stdout, `other ${main}`);
  const failed = await call({ NETNSD_NODE: join(folder, 'gone') });
  t.equal(failed.status, 1);
  t.match(
    failed.stderr,
    /^netnsd: cannot execute Node.js \(.*gone\): No such file or directory; install it, or set NETNSD_NODE/,
  );
});
