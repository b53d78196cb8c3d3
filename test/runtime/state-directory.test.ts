import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startScene } from './cni-plugin.js';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/architecture.md', import.meta.url)), 'utf8');

/** The names in the table of docs/architecture.md. */
function documented(): string[] {
  const [, table = ''] = /<!-- state:start -->\n([\s\S]*?)<!-- state:end -->/.exec(PAGE) ?? [];
  const names = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return names.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replace(/\/$/, '')));
}

/** The keys of an object and of all in it. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shape(part)]));
}

t.test('the state directory of a daemon at work has what docs/architecture.md lists, and nothing else', async (t) => {
  const toml = '[pools.default]\nsubnet = "10.213.0.0/24"\nrecycle = "replace"\npublish = ["8080/tcp"]\n';
  await using scene = await startScene(t, toml);
  const { daemon } = scene;
  const { path } = await scene.makeNetns('pod');
  t.equal((await scene.call({ command: 'ADD', netns: path })).status, 0);
  const { id } = await daemon.acquire('--id', 'web-1');
  const { status } = await daemon.send('PUT', `/v1/leases/${id}/dns-files`, {});
  t.equal(status, 200);
  await daemon.acquire('--id', 'web-2');
  await daemon.cli('release', '--id', 'web-2');
  const names = () => readdirSync(daemon.stateDir).sort();
  await eventually('an endpoint is replaced, and its address cools down', () => names().includes('cooldowns'));
  t.same(names(), documented().sort());
});

t.test('the sample record has the shape of a record that a daemon wrote', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\n');
  await daemon.acquire('--id', 'web-2');
  const folder = join(daemon.stateDir, 'leased');
  const records = () => readdirSync(folder).filter((name) => name.endsWith('.json'));
  await eventually('the record is written', () => records().length > 0);
  const [name = ''] = records();
  const [, sample = ''] = /^```json\n(\{"version"[\s\S]*?)^```$/m.exec(PAGE) ?? [];
  t.same(shape(JSON.parse(sample)), shape(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
});
