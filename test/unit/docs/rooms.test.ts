import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { block, readPage, TOP } from './markdown.js';

interface Rooms {
  readonly LAYERS: readonly (readonly string[])[];
  readonly ROOMS: Readonly<Record<string, { readonly file?: string; readonly imports: readonly string[] }>>;
  readonly KERNEL_PACKAGES: readonly string[];
  lintOverrides(): object[];
  roomsText(): string;
}

const { LAYERS, ROOMS, KERNEL_PACKAGES, lintOverrides, roomsText }: Rooms = await import(
  `${TOP}native-scripts/rooms.mjs`
);
const SOURCE = join(TOP, 'src');
/** What stands between quotes after `from`, `import` and `import(`: type imports and re-exports as well. */
const IMPORT = /(?:^|[\s}])(?:from|import)\s*\(?\s*'([^']+)'/g;

function roomOf(path: string): string {
  return path.split('/')[0]?.replace(/\.[jt]s$/, '') ?? '';
}

/** Every import of `src`: the file, and either a path below `src` or the name of a package. */
function imports(): { file: string; target: string }[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.flatMap((file) =>
    [...readFileSync(join(SOURCE, file), 'utf8').matchAll(IMPORT)].map(([, target = '']) => ({
      file,
      target: target.startsWith('.') ? join(dirname(file), target) : target,
    })),
  );
}

t.test('the rooms are the folders and files of src', async (t) => {
  const names = readdirSync(SOURCE).map((name) => name.replace(/\.ts$/, ''));
  t.same(names.sort(), Object.keys(ROOMS).sort());
  t.same(LAYERS.flat().sort(), Object.keys(ROOMS).sort(), 'and each stands in one layer');
});

t.test('each room may import rooms of lower layers only', async (t) => {
  const layerOf = (room: string) => LAYERS.findIndex((layer) => layer.includes(room));
  for (const [room, { imports }] of Object.entries(ROOMS))
    for (const other of imports) t.ok(layerOf(roomOf(other)) > layerOf(room), `${room} -> ${other}`);
});

t.test('the imports of src, types included, are those that the rooms may have', async (t) => {
  let checked = 0;
  for (const { file, target } of imports()) {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (from === to || !Object.hasOwn(ROOMS, to)) continue;
    const allowed = ROOMS[from]?.imports ?? [];
    t.ok(allowed.includes(to) || allowed.includes(target.replace(/\.js$/, '')), `${file} -> ${target}`);
    checked += 1;
  }
  t.ok(checked > 200, 'imports were found at all');
});

t.test('only the kernel room imports what talks to the kernel and starts programs', async (t) => {
  const found = imports().filter(({ target }) => KERNEL_PACKAGES.includes(target.split('/')[0] ?? ''));
  t.ok(found.length > 0, 'imports of packages were found at all');
  for (const { file, target } of found) t.equal(roomOf(file), 'kernel', `${file} -> ${target}`);
});

t.test('biome.json and docs/architecture.md have the rooms as they are', async (t) => {
  t.same(JSON.parse(readPage('biome.json')).overrides, lintOverrides());
  t.equal(block(readPage('docs/architecture.md'), 'rooms'), roomsText());
});

t.test('the linter refuses what the rooms do not allow, and nothing else', async (t) => {
  const source = (target: string) => ({ 'x.ts': `export type * from '${target}';\n` });
  const cwd = t.testdir({
    'biome.json': readPage('biome.json'),
    src: {
      kernel: source('../pool/index.js'),
      api: { routes: source('../../containers/bundle.js') },
      endpoint: source('koffi'),
      pool: { ...source('../state/index.js'), 'record.ts': `export type * from '../state/record.js';\n` },
      shelf: source('../kernel/libc.js'),
    },
  });
  const args = ['lint', '--only=style/noRestrictedImports', '--colors=off', '.'];
  const { stdout, stderr } = spawnSync(`${TOP}node_modules/.bin/biome`, args, { cwd, encoding: 'utf8' });
  const refused = [...`${stdout}${stderr}`.matchAll(/^(\S+):1:\d+ lint\/style\/noRestrictedImports/gm)].map(
    ([, file]) => file,
  );
  t.same(refused.sort(), ['src/api/routes/x.ts', 'src/endpoint/x.ts', 'src/kernel/x.ts', 'src/pool/x.ts']);
});
