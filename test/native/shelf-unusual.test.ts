import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { program, run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage, type Stage, specWith } from './stage.js';

const netnsdRunc = program();
const ASKED = 'POST /v1/oci/patch';
/** A spec that the shelf can serve. */
const SPEC = specWith({ annotations: { a: 'b' } });

function create(stage: Stage, id = 'c1') {
  return run(netnsdRunc, ['create', '-b', stage.bundle, id], { env: stage.env });
}

const annotated = (annotations: unknown) => (stage: Stage) => stage.writeSpec(specWith({ annotations }));
type Spoil = (stage: Stage, shelf: ReturnType<typeof layOutShelf>) => void;

const unusual: [string, Spoil][] = [
  ['there are no offers', (_, shelf) => renameSync(shelf.path('offers/default/unused/default-1'), shelf.path('gone'))],
  ['there is no default pool', (_, shelf) => renameSync(shelf.path('offers/default'), shelf.path('gone'))],
  ['a pool has no folder', annotated({ 'dev.netnsd.pool': 'other' })],
  ['a pool is a path', annotated({ 'dev.netnsd.pool': '../offers/default' })],
  ['a pool is a link', annotated({ 'dev.netnsd.pool': '@default' })],
  ['a pool is no string', annotated({ 'dev.netnsd.pool': 1 })],
  ['a pool has no name', annotated({ 'dev.netnsd.pool': '' })],
  ['a tenant is a path', annotated({ 'dev.netnsd.tenant': '../default' })],
  ['a tenant is no string', annotated({ 'dev.netnsd.tenant': 1 })],
  [
    'the pool’s containers get DNS files, and the spec mounts nothing',
    (_, shelf) => {
      rmSync(shelf.path('offers/default/unused/default-1'));
      shelf.offer('default-1', { text: shelf.text('default-1', { mountDns: true }) });
    },
  ],
  ['DNS files are wanted', annotated({ 'dev.netnsd.dns': 'true' })],
  ['annotations are empty', annotated({})],
  [
    'the path is there and empty',
    (stage) => stage.writeSpec(specWith({ annotations: { a: 'b' }, namespaces: [{ type: 'network', path: '' }] })),
  ],
  [
    'the bundle was patched before',
    (stage) =>
      stage.writeSpec(
        specWith({ annotations: { 'dev.netnsd.lease': 'x' }, namespaces: [{ type: 'network', path: '/run/x' }] }),
      ),
  ],
  ['others may write to the shelf', (_, shelf) => chmodSync(shelf.folder, 0o777)],
  ['a group may write to the shelf', (_, shelf) => chmodSync(shelf.folder, 0o770)],
  ['something is taken by that name', (_, shelf) => writeFileSync(shelf.path('taken', 'c1'), '')],
];

for (const [title, spoil] of unusual) {
  t.test(`where ${title} the daemon is asked, and nothing is left behind`, async (t) => {
    const stage = makeStage(t);
    await stage.startDaemon();
    const shelf = layOutShelf(t, stage);
    stage.writeSpec(SPEC);
    spoil(stage, shelf);
    const before = readFileSync(`${stage.bundle}/config.json`, 'utf8');
    const ended = await create(stage);
    t.strictSame([ended.status, ended.stderr], [0, '']);
    t.strictSame(stage.journal(), [ASKED, `runtime create -b ${stage.bundle} c1`]);
    t.strictSame(shelf.names('holders'), []);
    t.equal(readFileSync(`${stage.bundle}/config.json`, 'utf8'), before);
  });
}

t.test('where a lease of that name stands the daemon is asked, and the holder is left alone', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  stage.writeSpec(SPEC);
  writeFileSync(shelf.path('holders', 'c1'), 'another');
  t.equal((await create(stage)).status, 0);
  t.strictSame([stage.journal()[0], shelf.names('taken')], [ASKED, []]);
  t.equal(readFileSync(shelf.path('holders', 'c1'), 'utf8'), 'another');
});

t.test('an id that is hidden or very long has the daemon asked', async (t) => {
  const stage = makeStage(t);
  await stage.startDaemon();
  const shelf = layOutShelf(t, stage);
  for (const id of ['.c1', 'x'.repeat(201)]) {
    stage.writeSpec(SPEC);
    t.equal((await create(stage, id)).status, 0);
  }
  t.equal(stage.journal().filter((line) => line === ASKED).length, 2);
  t.strictSame([shelf.names('taken'), shelf.names('holders')], [[], []]);
});
