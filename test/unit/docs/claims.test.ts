import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { POOL_KEYS } from '../../../src/config/keys/index.js';
import { parseConfig } from '../../../src/config/read.js';
import { ERROR_CODES } from '../../../src/errors.js';
import { PAGES, readPage, rowsOf, TOP } from './markdown.js';

/** Settings of netnsd-runc's file, which is no TOML. */
const RUNC_KEYS = ['runtime', 'socket', 'deadline_ms', 'on_failure'];

function prose(page: string): string {
  return readPage(page).replace(/^```[\s\S]*?^```$/gm, '');
}

t.test('a setting that a page names, with a value, is one that the configuration takes', async (t) => {
  let checked = 0;
  for (const page of PAGES) {
    for (const [, setting = ''] of prose(page).matchAll(/`([a-z_]+ = [^`]+)`/g)) {
      if (RUNC_KEYS.includes(setting.split(' ')[0] as string)) continue;
      const inPool = Object.values(POOL_KEYS).some(({ name }) => setting.startsWith(`${name} = `));
      const source = inPool ? `[pools.default]\n${setting}\n` : `${setting}\n`;
      t.doesNotThrow(() => parseConfig({ source, file: page }), `${page}: ${setting}`);
      checked += 1;
    }
  }
  t.ok(checked > 10, 'settings were found at all');
});

t.test('what is called the default is the default', async (t) => {
  const initial: Record<string, unknown> = Object.fromEntries(
    Object.values(POOL_KEYS).map(({ name, initial }) => [name, initial]),
  );
  let checked = 0;
  for (const page of PAGES) {
    for (const [, key = '', value] of prose(page).matchAll(/`([a-z_]+) = "?([^`"]+)"?` \(the default\)/g)) {
      t.equal(String(initial[key]), value, `${page}: ${key}`);
      checked += 1;
    }
  }
  t.ok(checked > 2, 'defaults were found at all');
});

t.test('each claim of the paper is shown by a test or a command, or is said not to be taken up', async (t) => {
  const rows = rowsOf(readPage('docs/paper.md').slice(readPage('docs/paper.md').indexOf('| the paper |')));
  t.ok(rows.length > 10, 'claims were found at all');
  for (const [claim = '', , shown = ''] of rows) {
    const tests = [...shown.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
    for (const path of tests) t.ok(existsSync(join(TOP, path)), path);
    t.ok(tests.length > 0 || /`(netnsd bench \w+|npm run demo)`/.test(shown) || shown === '-', claim);
  }
});

t.test('an error code that a page names is one', async (t) => {
  const codes = Object.keys(ERROR_CODES);
  let checked = 0;
  for (const page of ['docs/leases.md', 'docs/hooks.md', 'docs/recycling.md', 'docs/architecture.md']) {
    for (const [, code = ''] of prose(page).matchAll(/`((?:lease|process|pool|graft|state|worker)_[a-z_]+)`/g)) {
      t.ok(codes.includes(code), `${page}: ${code}`);
      checked += 1;
    }
  }
  t.ok(checked > 10, 'codes were found at all');
});
