import t from 'tap';
import { PAGES, readPage } from './markdown.js';

const README = readPage('README.md');

t.test('README is short, and its generated parts are elsewhere', async (t) => {
  t.ok(README.trimEnd().split('\n').length <= 250, 'at most 250 lines');
  t.notMatch(README, ':start -->');
});

t.test('README leads to every page', async (t) => {
  for (const page of PAGES) if (page !== 'README.md') t.match(README, `](${page}`, page);
});
