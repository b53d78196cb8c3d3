import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import type { FakeDaemon } from './fake-daemon.js';
import { program, run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage, type Stage, specWith } from './stage.js';

const netnsdRunc = program();
/** A spec that the shelf can serve: annotations are either absent or not empty. */
const SPEC = specWith({ annotations: { a: 'b' } });
/** The fake runtime keeps what it was given. */
const KEEP = 'cp "$FAKE_FOLDER/bundle/config.json" "$FAKE_FOLDER/seen"';

function create(stage: Stage, id = 'c1', more: readonly string[] = []) {
  return run(netnsdRunc, [...more, 'create', '-b', stage.bundle, id], { env: stage.env });
}

/** 32-bit FNV-1a. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16).padStart(8, '0');
}

t.test('create takes an endpoint, writes it into the spec, and sends no request', async (t) => {
  const stage = makeStage(t, KEEP);
  const daemon = await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  const before = readFileSync(`${stage.bundle}/config.json`, 'utf8');
  chmodSync(`${stage.bundle}/config.json`, 0o640);
  const ended = await create(stage);
  t.strictSame([ended.status, ended.stderr], [0, '']);
  t.strictSame([daemon.connections, stage.journal()], [0, [`runtime create -b ${stage.bundle} c1`]]);
  const holder = shelf.holder('c1');
  t.match(holder.lease, /^[0-9a-f]{16}$/);
  t.equal(holder.spec, before);
  t.equal(statSync(shelf.path('holders', 'c1')).mode & 0o777, 0o600);
  t.match(holder, { tenant: 'default', pid: /^\d+$/ });
  t.ok(Math.abs(holder.takenAtMs - Date.now()) < 600_000);
  t.strictSame([shelf.names('offers/default/unused'), shelf.names('taken')], [[], ['c1']]);
  t.equal(readlinkSync(shelf.path('taken', 'c1')), shelf.text('default-1'));
  const seen = JSON.parse(readFileSync(stage.path('seen'), 'utf8'));
  t.strictSame(seen.linux.namespaces[1], { type: 'network', path: shelf.netns('default-1') });
  t.strictSame(seen.annotations, {
    a: 'b',
    'dev.netnsd.lease': holder.lease,
    'dev.netnsd.address': '10.213.0.1/16',
  });
  t.equal(statSync(`${stage.bundle}/config.json`).mode & 0o777, 0o640);
  t.strictSame(readdirSync(stage.bundle), ['config.json']);
});

t.test('a run gives back what it took, also where the daemon has collected it meanwhile, or is no more', async (t) => {
  for (const script of ['exit 3', 'mv "$FAKE_FOLDER/shelf/taken/c1" "$FAKE_FOLDER/shelf/standing/c1"; exit 3']) {
    const stage = makeStage(t, script);
    const shelf = layOutShelf(t, stage);
    stage.writeSpec(SPEC);
    const ended = await run(netnsdRunc, ['run', '-b', stage.bundle, 'c1'], { env: stage.env });
    t.strictSame([ended.status, ended.stderr], [3, '']);
    t.strictSame([shelf.names('taken'), shelf.names('standing'), shelf.names('returned')], [[], [], ['c1']]);
    t.strictSame(shelf.names('holders'), ['c1'], 'for the daemon to read');
  }
});

t.test(
  'a detached run and one that keeps its container keep it, and delete gives it back, daemon or not',
  async (t) => {
    for (const flag of ['--detach', '--keep']) {
      const stage = makeStage(t);
      const shelf = layOutShelf(t, stage);
      stage.writeSpec(SPEC);
      await run(netnsdRunc, ['run', flag, '-b', stage.bundle, 'c1'], { env: stage.env });
      t.strictSame([shelf.names('taken'), shelf.names('returned')], [['c1'], []]);
      const ended = await run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
      t.strictSame([ended.status, ended.stderr], [0, '']);
      t.strictSame([shelf.names('taken'), shelf.names('returned')], [[], ['c1']]);
    }
  },
);

t.test('a delete that fails leaves it', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  await create(stage);
  await run(netnsdRunc, ['delete', 'c1'], { env: { ...stage.env, FAKE_SCRIPT: 'exit 1' } });
  t.strictSame([shelf.names('taken'), shelf.names('returned')], [['c1'], []]);
});

t.test('what the shelf does not hold, or cannot take back, is given back over the socket', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  // As the daemon marks a container that holds a lease that is not from the shelf.
  symlinkSync('lease', shelf.path('holders', 'c1'));
  await run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
  rmSync(shelf.path('holders', 'c1'));
  stage.writeSpec(SPEC);
  await create(stage);
  writeFileSync(shelf.path('returned', 'c1'), '');
  await run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
  const release = 'DELETE /v1/containers/c1/lease?force=true';
  t.strictSame(
    stage.journal().filter((line) => !line.startsWith('runtime')),
    [release, release],
  );
});

t.test('of what holds nothing, or has given back already, the daemon is not told again', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  const remove = () => run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
  const asked = () => stage.journal().filter((line) => !line.startsWith('runtime')).length;
  await remove();
  t.equal(asked(), 0, 'it holds nothing');
  stage.writeSpec(SPEC);
  await create(stage);
  await remove();
  await remove();
  t.equal(asked(), 0, 'it gave back with the first delete');
  t.strictSame(shelf.names('returned'), ['c1']);
});

t.test('of a container that holds leases besides the one from the shelf, the daemon is told', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  await create(stage);
  symlinkSync('lease', shelf.path('several', 'c1'));
  await run(netnsdRunc, ['delete', 'c1'], { env: stage.env });
  t.strictSame(stage.journal().at(-1), 'DELETE /v1/containers/c1/lease?force=true');
  t.strictSame([shelf.names('taken'), shelf.names('returned')], [['c1'], []]);
});

t.test('a create that fails lets the daemon look whether something was left', async (t) => {
  const stage = makeStage(t, 'exit 5');
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  t.equal((await create(stage)).status, 5);
  t.strictSame(stage.journal(), [`runtime create -b ${stage.bundle} c1`, 'DELETE /v1/containers/c1/lease']);
  t.strictSame(shelf.names('taken'), ['c1']);
});

t.test('a container of a runtime root of its own has a key with a mark of that root', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  const root = stage.path('state');
  const key = `c1@${hash(root)}`;
  t.equal((await create(stage, 'c1', ['--root', `${root}/`])).status, 0);
  t.strictSame([shelf.names('holders'), shelf.names('taken')], [[key], [key]]);
  await run(netnsdRunc, ['--root', 'state', 'delete', 'c1'], { env: stage.env, cwd: stage.folder });
  t.strictSame(shelf.names('returned'), [key]);
});

t.test('a tenant gets an endpoint that it has used before, or else an unused one', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(specWith({ annotations: { 'dev.netnsd.tenant': 'blue' } }));
  shelf.offer('default-7', { tenant: 'green' });
  shelf.offer('default-8', { tenant: 'blue' });
  for (const [id, endpoint] of [
    ['c1', 'default-8'],
    ['c2', 'default-1'],
  ] as const) {
    stage.writeSpec(specWith({ annotations: { 'dev.netnsd.tenant': 'blue' } }));
    t.equal((await create(stage, id)).status, 0);
    t.equal(readlinkSync(shelf.path('taken', id)), shelf.text(endpoint));
    t.equal(shelf.holder(id).tenant, 'blue');
  }
  t.strictSame(shelf.names('offers/default/used/green'), ['default-7']);
});

t.test('a named pool and the default tenant are served as well', async (t) => {
  for (const by of ['annotation', 'environment']) {
    const stage = makeStage(t);
    const shelf = layOutShelf(t, stage);
    renameSync(shelf.path('offers', 'default'), shelf.path('offers', 'web-1'));
    const annotations = { 'dev.netnsd.pool': 'web-1', 'dev.netnsd.tenant': 'default' };
    stage.writeSpec(by === 'annotation' ? specWith({ annotations }) : SPEC);
    const env = { ...stage.env, NETNSD_RUNC_POOL: by === 'annotation' ? 'x' : 'web-1', NETNSD_RUNC_TENANT: 'default' };
    t.equal((await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env })).status, 0);
    t.strictSame(shelf.names('taken'), ['c1']);
  }
});

t.test('of thirty that want one at once twenty get the twenty offers, and ten ask', async (t) => {
  const stage = makeStage(t);
  const daemon: FakeDaemon = await stage.startDaemon();
  const shelf = layOutShelf(t, stage, { offers: 20 });
  const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
  const ended = await Promise.all(
    ids.map((id) => {
      const bundle = stage.path(`bundle-${id}`);
      mkdirSync(bundle);
      writeFileSync(`${bundle}/config.json`, JSON.stringify(SPEC));
      return run(netnsdRunc, ['create', '-b', bundle, id], { env: stage.env });
    }),
  );
  t.ok(ended.every(({ status }) => status === 0));
  const taken = shelf.names('taken');
  t.equal(new Set(taken.map((key) => readlinkSync(shelf.path('taken', key)))).size, 20);
  t.strictSame(shelf.names('holders'), taken);
  const asked = daemon.asked.map(({ body }) => (body as { containerId: string }).containerId);
  t.strictSame([...asked, ...taken].sort(), [...ids].sort());
});

t.test('what is no offer is passed over', async (t) => {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, { offers: 0 });
  stage.writeSpec(SPEC);
  for (const [index, text] of ['{"token":"x"}', 'x 1 relative', ' ', '{', '[1]'].entries())
    shelf.offer(`bad-${index}`, { text });
  mkdirSync(shelf.path('offers/default/unused/folder'));
  writeFileSync(shelf.path('offers/default/unused/file'), shelf.text('default-9'));
  shelf.offer('default-1');
  t.equal((await create(stage)).status, 0);
  t.equal(readlinkSync(shelf.path('taken', 'c1')), shelf.text('default-1'));
});

t.test('a bundle that cannot be written is a clear error, and the endpoint goes back', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  // 1024 bytes, two of the shell's blocks, hold the spec and what is told to the daemon before it, but not the patched one.
  stage.writeSpec({ ...SPEC, hostname: 'x'.repeat(924 - JSON.stringify({ ...SPEC, hostname: '' }).length) });
  const before = readFileSync(`${stage.bundle}/config.json`, 'utf8');
  const script = `ulimit -f 2 && exec "${netnsdRunc}" create -b "${stage.bundle}" c1`;
  const ended = await run('/bin/sh', ['-c', script], { env: stage.env });
  t.equal(ended.status, 1);
  t.match(
    ended.stderr,
    /^netnsd-runc: cannot give container c1 a network: cannot write .*config\.json, which is left as it was: File too large\n$/,
  );
  t.strictSame([stage.journal(), readdirSync(stage.bundle)], [[], ['config.json']]);
  t.equal(readFileSync(`${stage.bundle}/config.json`, 'utf8'), before);
  t.strictSame([shelf.names('taken'), shelf.names('returned')], [[], ['c1']]);
});
