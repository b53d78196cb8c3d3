import { execFileSync } from 'node:child_process';
import t from 'tap';
import { TOP } from './markdown.js';

/** What people look for at the top of a checkout. */
const OURS = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'docs',
  'native-scripts',
  'src',
  'test',
  'vagrant',
];
/** What the tools look for there: git, npm, TypeScript, Biome, tap, the continuous integration. */
const OF_TOOLS = ['.ci', '.gitignore', '.taprc', 'biome.json', 'package-lock.json', 'package.json', 'tsconfig.json'];

t.test('the top level of the checkout has what belongs there, and nothing else', async (t) => {
  // Root may run this in another user's checkout.
  const tracked = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files'], { cwd: TOP, encoding: 'utf8' });
  const names = new Set(
    tracked
      .trim()
      .split('\n')
      .map((path) => path.split('/')[0]),
  );
  t.ok(names.has('package.json'), 'git lists the files of this checkout');
  t.same(
    [...names].filter((name) => ![...OURS, ...OF_TOOLS].includes(name as string)),
    [],
  );
});
