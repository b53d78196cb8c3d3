import { execaSync } from 'execa';
import t from 'tap';
import { runInside, Stage } from './stage.js';
import { HARMLESS_WAYS, HEARD_WAYS, WAYS } from './ways.js';

t.test('whatever is left behind is found by proof, and the next endpoint is as pristine', async (t) => {
  const stage = await Stage.open(t);
  for (const { title, commands, kinds } of WAYS) {
    const victim = await stage.build();
    runInside(victim, commands);
    const verdict = await stage.verify(victim, 'proof');
    t.equal(verdict.clean, false, title);
    if (!verdict.clean) t.ok(kinds.includes(verdict.kind), `${title}: found as ${verdict.kind}: ${verdict.text}`);
    await stage.destroy(victim);
    for (const kept of ['kept', 'moved0']) execaSync('ip', ['link', 'delete', kept], { reject: false });
    const next = await stage.build();
    t.match(
      await stage.verify(next, 'proof'),
      { clean: true, way: 'proof' },
      `after ${title}, the next one is pristine`,
    );
    await stage.destroy(next);
  }
});

t.test('a seal hears of it too, and what it does not hear is asked for', async (t) => {
  const stage = await Stage.open(t);
  t.ok(HEARD_WAYS.length > 40);
  for (const { title, commands } of HEARD_WAYS) {
    const victim = await stage.build({ settled: true });
    runInside(victim, commands);
    t.match(await stage.verify(victim, 'seal'), { clean: false }, title);
    await stage.destroy(victim);
    for (const kept of ['kept', 'moved0']) execaSync('ip', ['link', 'delete', kept], { reject: false });
  }
});

t.test('what ordinary traffic leaves is emptied, by either way', async (t) => {
  const stage = await Stage.open(t);
  for (const { title, commands } of HARMLESS_WAYS) {
    const victim = await stage.build({ settled: true });
    for (const way of ['seal', 'proof'] as const) {
      runInside(victim, commands);
      t.match(await stage.verify(victim, way), { clean: true, way }, `${title}, by ${way}`);
    }
    await stage.destroy(victim);
  }
});

t.test('without a seal, after a restart, sysctls are read one by one', async (t) => {
  const stage = await Stage.open(t);
  const untouched = await stage.build();
  const touched = await stage.build();
  await stage.restart([untouched, touched]);
  runInside(touched, ['sysctl -w net.ipv4.ip_default_ttl=7']);
  t.match(await stage.verify(untouched, 'seal'), { clean: true, way: 'proof', sealed: true });
  t.match(await stage.verify(touched, 'seal'), { clean: false, kind: 'sysctls' });
  for (const victim of [untouched, touched]) await stage.destroy(victim);
});

t.test('a sysctl that was written before the seal was on is found all the same', async (t) => {
  const stage = await Stage.open(t);
  for (const { title, commands, kinds } of HEARD_WAYS.filter(({ kinds }) => kinds.includes('sysctls'))) {
    const victim = await stage.build({ sealed: false });
    runInside(victim, commands.slice(0, 1));
    await stage.seal(victim);
    const verdict = await stage.verify(victim, 'proof', { sealed: false });
    t.equal(verdict.clean, false, title);
    if (!verdict.clean) t.ok(kinds.includes(verdict.kind), `${title}: found as ${verdict.kind}: ${verdict.text}`);
    await stage.destroy(victim);
  }
});
