import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { answer, environment, front, leaseOf, MAIN, said } from './front-stage.js';
import { run } from './program.js';
import { layOutShelf, type Shelf } from './shelf-stage.js';
import { makeStage, specWith } from './stage.js';

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
  t.match(ended.stdout, /^LEASE +PATH +ADDRESS +GATEWAY +SOURCE\n.*\n.*\n2 leases in (\d+ µs|\d+\.\d ms)\n$/);
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
