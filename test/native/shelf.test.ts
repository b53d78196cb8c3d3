import {
  chmodSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { run } from './program.js';
import { create, netnsdRunc, SPEC } from './shelf-create.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage } from './stage.js';

/** The fake runtime keeps what it was given. */
const KEEP = 'cp "$FAKE_FOLDER/bundle/config.json" "$FAKE_FOLDER/seen"';

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
