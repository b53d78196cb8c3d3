import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { STATE_FILES, STATE_FOLDERS } from '../../../src/state/index.js';
import { decodeRecord } from '../../../src/state/records/record-file.js';
import { block, fenced, readPage, rowsOf, TOP } from './markdown.js';

const PAGE = readPage('docs/architecture.md');
/** The most files that a newcomer opens to follow a flow, by the beginning of its heading. */
const MOST_FILES = { '`POST /v1/leases`': 12, '`netnsd-runc run`': 25, 'A restart': 20 };

/** What stands under a heading, up to the next one of any level. */
function section(heading: string): string {
  const [, text = ''] = new RegExp(`^### ${heading}.*$([\\s\\S]*?)^#`, 'm').exec(PAGE) ?? [];
  return text;
}

for (const [heading, most] of Object.entries(MOST_FILES)) {
  t.test(`the flow "${heading}" is told by at most ${most} files, each of which exists`, async (t) => {
    const files = [...section(heading).matchAll(/`((?:src|native-scripts)\/[\w./-]+\.(?:ts|c|h))`/g)].map(
      ([, file = '']) => file,
    );
    t.ok(files.length > 5, 'files are named at all');
    t.ok(files.length <= most, `${files.length} files`);
    t.same(files, [...new Set(files)], 'none is named twice');
    for (const file of files) t.ok(existsSync(join(TOP, file)), file);
  });
}

t.test('the table of the state directory has its folders and files', async (t) => {
  const names = rowsOf(block(PAGE, 'state')).flatMap(([cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replace(/\/$/, '')),
  );
  t.same(names.sort(), [...STATE_FOLDERS, ...STATE_FILES, 'netns', 'netnsd.sock', 'vault'].sort());
});

t.test('the sample record is one that the daemon reads', async (t) => {
  const sample = fenced(PAGE, 'json').find((text) => text.startsWith('{"version"')) ?? '';
  const { record } = decodeRecord(sample, { name: 'default-2.json', state: 'leased' });
  t.equal(record.lease?.containerId, 'web-2');
  t.match(PAGE, '`leased/default-2.json`', 'in the file that the page names');
});
