import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { compareResults, differences } from '../../../../src/bench/compare/compare.js';
import { runCompare } from '../../../../src/bench/compare/index.js';
import { resultsOf, runOf } from '../paper/results.js';

const runs = (contender: string, ...ms: number[]) => ms.map((one, round) => runOf(contender, 100, one, { round }));
const with_ = (host: number[], pooled: number[]) =>
  resultsOf({ runs: [...runs('runc-host', ...host), ...runs('netnsd-runc', ...pooled)] });
const verdicts = (before: ReturnType<typeof resultsOf>, now: ReturnType<typeof resultsOf>) =>
  compareResults(before, now).map(({ contender, verdict }) => `${contender}: ${verdict}`);

t.test('slower is what no run of before was as slow as, and the machine does not explain', async (t) => {
  const before = with_([1000, 1010, 1020], [1100, 1110, 1120]);
  t.same(verdicts(before, before), ['runc-host: as before', 'netnsd-runc: as before']);
  t.same(verdicts(before, with_([1000, 1010, 1020], [1300, 1310, 1320]))[1], 'netnsd-runc: slower');
  t.same(verdicts(before, with_([1000, 1010, 1020], [900, 910, 920]))[1], 'netnsd-runc: faster');
  t.same(
    verdicts(before, with_([1000, 1010, 1020], [1115, 1310, 1320]))[1],
    'netnsd-runc: as before',
    'ranges overlap',
  );
  t.same(verdicts(before, with_([1000, 1010, 1020], [1130, 1131, 1132]))[1], 'netnsd-runc: as before', 'by too little');
  t.same(
    verdicts(before, with_([1500, 1515, 1530], [1650, 1665, 1680])),
    ['runc-host: slower', 'netnsd-runc: as before'],
    'a machine that became slower shows in host networking',
  );
});

t.test('two runs say nothing', async (t) => {
  const few = with_([1000, 1010], [1100, 1110]);
  t.same(verdicts(few, with_([2000, 2010], [9000, 9010])), ['runc-host: too few runs', 'netnsd-runc: too few runs']);
});

t.test('what only one of them measured is left out; other machines are named', async (t) => {
  const before = resultsOf({ runs: runs('runc-host', 1, 2, 3) });
  t.same(verdicts(before, resultsOf()), ['runc-host: slower']);
  const { head } = resultsOf();
  const other = resultsOf({ head: { ...head, machine: { ...head.machine, kernel: '6.19' } } });
  t.same(differences(other, resultsOf()), ['kernel: 6.19, now 6.18']);
});

t.test('netnsd bench compare reads two files, and judges with --check', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-compare-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string, results: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(results));
    return join(folder, name);
  };
  const old = file('old', with_([1000, 1010, 1020], [1100, 1110, 1120]));
  const fresh = file('new', with_([1000, 1010, 1020], [1300, 1310, 1320]));
  const written: string[] = [];
  t.intercept(process.stdout, 'write', { value: (text: string) => written.push(text) > 0 });
  t.equal(runCompare([old, fresh]), 0, 'as information');
  t.match(written.join(''), '1 of 2 became slower');
  t.equal(runCompare([old, fresh, '--check', '--json']), 1);
  t.equal(runCompare([old, old, '--check']), 0);
  for (const argv of [[], [old], [old, join(folder, 'none')], [old, file('other', {})], [old, fresh, '--fast']])
    t.throws(() => runCompare(argv), { code: 'bad_usage', message: /see netnsd bench compare --help$/ });
});
