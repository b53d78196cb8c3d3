import t from 'tap';
import { claim, claimText } from '../../../../src/bench/report/claim.js';
import { type Report, reportJson, reportText } from '../../../../src/bench/report/report.js';

const machine = { kernel: '6.1.0', cpu: 'cpu', cores: 2, memoryMiB: 1024, node: 'v20.0.0' };
const report: Report = {
  suite: 'build',
  tables: [
    {
      title: 'Build 100',
      rows: [
        { peer: 'C', 'median ms': 75.04, runs: 5 },
        { peer: 'netnsd', 'median ms': 100, runs: null },
      ],
    },
  ],
  claims: [claim({ name: 'speed', measured: 0.8312, unit: 'of C', comparison: 'at least', target: 0.75 })],
  notes: ['as it is'],
};

t.test('a claim says what was measured beside its target, and whether it is met', async (t) => {
  const [met] = report.claims;
  t.equal(met && claimText(met), '0.831 of C, target at least 0.75');
  t.equal(met?.met, true);
  t.equal(claim({ name: 'p99', measured: 5.1, unit: 'ms', comparison: 'at most', target: 5 }).met, false);
});

t.test('the table is aligned, numbers to the right', async (t) => {
  const lines = reportText(report, machine).split('\n');
  t.match(lines[0], 'Linux 6.1.0, 2 cores');
  const at = lines.indexOf('Build 100');
  t.same(lines.slice(at + 1, at + 4), [
    'peer    median ms  runs',
    'C            75.0     5',
    'netnsd        100     -',
  ]);
  t.ok(lines.includes('met  speed  0.831 of C, target at least 0.75'));
  t.equal(lines.at(-1), '- as it is');
});

t.test('JSON holds the same data, unrounded, with the machine', async (t) => {
  const parsed = JSON.parse(reportJson(report, machine));
  t.match(parsed, { suite: 'build', machine, claims: [{ measured: 0.8312, met: true }] });
  t.equal(parsed.tables[0].rows[0]['median ms'], 75.04);
});
