import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { run } from './program.js';
import { layOutShelf } from './shelf-stage.js';
import { makeStage } from './stage.js';

const PAGE = fileURLToPath(new URL('../../../docs/shelf.md', import.meta.url));
const PROGRAM = /```python\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';

/** The client that the page prints, before a shelf. */
function onPage(t: Test, options: { offers?: number } = {}) {
  const stage = makeStage(t);
  const shelf = layOutShelf(t, stage, options);
  const script = stage.path('shelf.py');
  writeFileSync(script, PROGRAM);
  const env = { PATH: process.env['PATH'], NETNSD_STATE_DIR: stage.folder };
  return { stage, shelf, call: (...args: string[]) => run('python3', [script, ...args], { env }) };
}

t.test('the client of the page takes and gives back', async (t) => {
  const { shelf, call } = onPage(t);
  const taken = await call('take', 'web-1');
  t.strictSame([taken.status, taken.stdout, taken.stderr], [0, `${shelf.netns('default-1')}\n`, '']);
  t.match(shelf.holder('web-1'), { lease: /^[0-9a-f]{16}$/, tenant: 'default', spec: '' });
  t.strictSame([shelf.names('taken'), shelf.names('offers/default/unused')], [['web-1'], []]);
  const returned = await call('return', 'web-1');
  t.strictSame([returned.status, returned.stderr], [0, '']);
  t.strictSame([shelf.names('taken'), shelf.names('returned')], [[], ['web-1']]);
});

t.test('the client of the page prefers what its tenant has had, and leaves what others had', async (t) => {
  const { shelf, call } = onPage(t, { offers: 0 });
  shelf.offer('default-7', { tenant: 'green' });
  shelf.offer('default-8', { tenant: 'blue' });
  t.equal((await call('take', 'a', 'blue')).stdout, `${shelf.netns('default-8')}\n`);
  t.equal((await call('take', 'b', 'blue')).status, 1);
  t.strictSame([shelf.names('holders'), shelf.names('offers/default/used/green')], [['a'], ['default-7']]);
});

t.test('of ten clients of the page each gets an endpoint of its own', async (t) => {
  const { shelf, call } = onPage(t, { offers: 10 });
  const taken = await Promise.all(Array.from({ length: 10 }, (_, index) => call('take', `c${index}`)));
  t.equal(new Set(taken.map(({ stdout }) => stdout)).size, 10);
  t.equal(shelf.names('taken').length, 10);
});

t.test('what the shelf cannot give or take back, the client of the page leaves to the daemon', async (t) => {
  const { shelf, call } = onPage(t, { offers: 1 });
  symlinkSync('lease', shelf.path('holders', 'web-1'));
  t.equal((await call('return', 'web-1')).status, 1);
  t.not((await call('take', 'web-1')).status, 0);
  t.strictSame(shelf.names('offers/default/unused'), ['default-1']);
  await call('take', 'web-2');
  symlinkSync('lease', shelf.path('several', 'web-2'));
  t.equal((await call('return', 'web-2')).status, 1);
  t.strictSame(shelf.names('taken'), ['web-2']);
});
