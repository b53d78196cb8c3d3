import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readPage, rowsOf, TOP } from './markdown.js';

t.test('each situation of docs/faults.md has an outcome and a test that exists', async (t) => {
  const page = readPage('docs/faults.md');
  const rows = rowsOf(page.slice(page.indexOf('| situation |')));
  t.ok(rows.length > 5, 'rows were found at all');
  for (const [situation = '', outcome = '', shown = ''] of rows) {
    const tests = [...shown.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
    t.ok(tests.length > 0 && outcome !== '', situation);
    for (const path of tests) t.ok(existsSync(join(TOP, path)), path);
  }
});
