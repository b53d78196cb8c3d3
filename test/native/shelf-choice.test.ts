import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { FakeDaemon } from './fake-daemon.js';
import { run } from './program.js';
import { create, netnsdRunc, SPEC } from './shelf-create.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage, specWith } from './stage.js';

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
