import t from 'tap';
import { CHECKS } from '../../../src/doctor/checks.js';
import { GROUPS } from '../../../src/doctor/outcome.js';
import { reportOn } from '../../../src/doctor/report.js';
import { machineOf } from '../doctor/machine.js';
import { block, readPage, rowsOf } from './markdown.js';

const PAGE = readPage('docs/doctor.md');

t.test('docs/doctor.md has every check, with what it looks at, why, and how to mend it', async (t) => {
  const rows = rowsOf(block(PAGE, 'checks'));
  t.same(
    rows,
    CHECKS.map(({ name, what, why, repair: mend }) => [`\`${name}\``, what, why, mend]),
  );
});

t.test('the shape of the report is as documented', async (t) => {
  const report = reportOn(machineOf(t));
  t.same(Object.keys(report), ['counts', 'checks', 'findings']);
  const [, , countsRow = '', checksRow = ''] = PAGE.slice(PAGE.indexOf('## JSON'))
    .split('\n')
    .filter((line) => line.startsWith('|'));
  for (const status of Object.keys(report.counts)) {
    t.match(countsRow, `\`${status}\``);
    t.match(PAGE, `\n| \`${status}\` |`);
  }
  for (const outcome of report.checks) {
    t.same(Object.keys(outcome), ['group', 'check', 'status', 'message', 'advice']);
    t.ok(GROUPS.includes(outcome.group));
  }
  for (const field of ['group', 'check', 'status', 'message', 'advice']) t.match(checksRow, `\`${field}\``);
});
