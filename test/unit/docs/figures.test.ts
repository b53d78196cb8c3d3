import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { claim } from '../../../src/bench/report/claim.js';
import { reportJson } from '../../../src/bench/report/report.js';
import { block, readPage, rowsOf, TOP } from './markdown.js';

const MACHINE = { kernel: '6.1.0', cpu: 'a processor', cores: 2, memoryMiB: 2048, node: 'v20.19.0' };

function print(...files: string[]) {
  return spawnSync(process.execPath, ['native-scripts/figures.mjs', '--print', ...files], {
    cwd: TOP,
    encoding: 'utf8',
  });
}

t.test('a report of netnsd bench becomes tables with its machine and its targets', async (t) => {
  const file = join(t.testdir(), 'build.json');
  const report = {
    suite: 'build',
    tables: [
      {
        title: 'Build 3',
        rows: [
          { peer: 'netnsd', 'median ms': 1.234 },
          { peer: 'a|b', 'median ms': null },
        ],
      },
    ],
    claims: [claim({ name: 'speed', measured: 0.5, unit: 'of C', comparison: 'at least', target: 0.75 })],
    notes: ['a note'],
  };
  writeFileSync(file, reportJson(report, MACHINE));
  const { status, stdout } = print(file);
  t.equal(status, 0);
  t.equal(
    stdout,
    [
      '### netnsd bench build',
      '',
      'Linux 6.1.0, 2 cores (a processor), 2048 MiB, Node v20.19.0.',
      '',
      'Build 3:',
      '',
      '| peer | median ms |',
      '| --- | ---: |',
      '| netnsd | 1.23 |',
      '| a\\|b | - |',
      '',
      'Targets:',
      '',
      '- **missed**: speed: 0.5 of C, target at least 0.75',
      '',
      '- a note',
      '',
    ].join('\n'),
  );
});

t.test('what is no report of netnsd bench fills in nothing', async (t) => {
  const folder = t.testdir({ 'a.json': 'no JSON', 'b.json': '{"suite":"build","tables":[]}' });
  for (const name of ['a.json', 'b.json']) {
    const { status, stdout, stderr } = print(join(folder, name));
    t.equal(status, 1);
    t.equal(stdout, '');
    t.match(stderr, name);
  }
});

t.test('docs/benchmarks.md has the place for figures; neither it nor README has any outside of it', async (t) => {
  const page = readPage('docs/benchmarks.md');
  t.ok(block(page, 'figures').length > 0);
  for (const text of [page.replace(block(page, 'figures'), ''), readPage('README.md')]) {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
    t.notMatch(prose, /\d\s?(ms|µs|MB|MiB|KiB|times|%)(?![\w])/);
  }
});

t.test('each target that the figures miss has its reason', async (t) => {
  const page = readPage('docs/benchmarks.md');
  const claims = [...block(page, 'figures').matchAll(/^- (met|\*\*missed\*\*): (.+): [-\d.]+ .*target/gm)];
  const missed = claims.flatMap(([, outcome, name]) => (outcome === 'met' ? [] : [name]));
  t.ok(claims.length > 10, 'targets were found at all');
  t.same(
    rowsOf(block(page, 'missed')).map(([name]) => name),
    missed,
  );
});
