import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { PAGES, readPage, TOP } from './markdown.js';

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  const text = readPage(page).replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  );
}

t.test('links lead to files and headings that are there', async (t) => {
  let checked = 0;
  for (const page of PAGES) {
    for (const [, target = ''] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(TOP, page) : join(TOP, dirname(page), path);
      t.ok(existsSync(file), `${page}: ${target}`);
      if (anchor !== undefined) t.ok(anchors(relative(TOP, file)).includes(anchor), `${page}: ${target}`);
      checked += 1;
    }
  }
  t.ok(checked > 5, 'links were found at all');
});

t.test('files of the repository that the pages name are there', async (t) => {
  for (const page of PAGES) {
    for (const [path] of readPage(page).matchAll(
      /\b(?:test|src|native-scripts|docs)\/[\w./-]+\.(?:ts|sh|mjs|service|md)\b/g,
    )) {
      t.ok(existsSync(join(TOP, path)), `${page}: ${path}`);
    }
  }
});
