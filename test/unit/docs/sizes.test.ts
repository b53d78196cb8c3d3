import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { TOP } from './markdown.js';

const MOST_LINES = 250;
/** Of a room of src; one with more has rooms inside. */
const MOST_FILES = 15;

function tracked(...folders: readonly string[]): string[] {
  // Root may run this in another user's checkout.
  const args = ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard', ...folders];
  const files = execFileSync('git', args, { cwd: TOP, encoding: 'utf8' }).trim().split('\n');
  return files.filter((file) => existsSync(join(TOP, file)));
}

t.test(`no file of source or tests has more than ${MOST_LINES} lines`, async (t) => {
  const files = tracked('src', 'test', 'native-scripts').filter((file) => /\.(ts|mjs|c|h|sh)$/.test(file));
  t.ok(files.length > 500, 'git lists the files of this checkout');
  const lines = (file: string) => readFileSync(join(TOP, file), 'utf8').trimEnd().split('\n').length;
  t.same(
    files.filter((file) => lines(file) > MOST_LINES).map((file) => `${file}: ${lines(file)}`),
    [],
  );
});

t.test(`no room of src has more than ${MOST_FILES} files beside the rooms inside it`, async (t) => {
  const counts = new Map<string, number>();
  for (const file of tracked('src')) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  t.same(
    [...counts].filter(([, count]) => count > MOST_FILES),
    [],
  );
});
