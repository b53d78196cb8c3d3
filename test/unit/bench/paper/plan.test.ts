import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CONTENDERS, lacks } from '../../../../src/bench/paper/contenders/index.js';
import { readJournal } from '../../../../src/bench/paper/journal.js';
import { parsePaperOptions } from '../../../../src/bench/paper/options.js';
import { type Block, expectedMs, planOf } from '../../../../src/bench/paper/plan.js';
import { Progress, progressLine } from '../../../../src/bench/paper/progress.js';
import { Marks } from '../../../../src/bench/paper/stages.js';
import { resultsOf } from './results.js';

t.test('all is measured by default, and less with --quick', async (t) => {
  t.match(parsePaperOptions([]), { atOnce: [1, 10, 50, 100], rounds: 5, poolSizes: [100, 1000, 10_000], idle: 50 });
  t.same(parsePaperOptions([])?.contenders.length, CONTENDERS.length);
  t.equal(parsePaperOptions([])?.budgetMs, undefined);
  const quick = parsePaperOptions(['--quick', '--out', '/srv/a/../b', '--contenders', 'runc-host']);
  t.match(quick, { rounds: 1, out: '/srv/b', contenders: ['runc-host'], languages: ['c'], poolSizes: [100] });
  t.ok((quick?.budgetMs ?? 0) <= 270_000, 'what has begun may end within five minutes');
  t.same(parsePaperOptions(['--pool-sizes', ''])?.poolSizes, []);
  t.equal(parsePaperOptions(['--help']), undefined);
});

t.test('wrong usage is told in one line that says where help is', async (t) => {
  const wrong = [
    ...[['--fast'], ['--contenders', 'lxc'], ['--at-once', '0'], ['--at-once', ''], ['--at-once', '500']],
    ...[['--rounds', '1,2'], ['--idle', 'x'], ['--contenders', ''], ['more'], ['--languages', 'perl']],
  ];
  for (const argv of wrong)
    t.throws(() => parsePaperOptions(argv), { code: 'bad_usage', message: /^[^\n]+; see netnsd bench paper --help$/ });
});

t.test('contenders have names of their own; one whose programs are not there lacks them by name', async (t) => {
  t.equal(new Set(CONTENDERS.map(({ name }) => name)).size, CONTENDERS.length);
  const docker = CONTENDERS.find(({ name }) => name === 'docker-bridge');
  t.ok(docker);
  if (docker === undefined) return;
  t.match(lacks(docker, () => false)[0], 'dockerd (Debian package docker.io)');
  t.same(
    lacks(docker, () => true),
    [],
  );
});

t.test('rounds alternate; other languages, memory and pools follow', async (t) => {
  const contenders = CONTENDERS.filter(({ name }) => ['runc-host', 'runc-empty', 'netnsd-runc'].includes(name));
  const steps = planOf({ contenders, rounds: 2, atOnce: [1, 5], languages: ['c', 'sh'], idle: 50, poolSizes: [100] });
  const blocks = steps.filter((step): step is Block => step.kind === 'block');
  const ofRound = (round: number) =>
    blocks.filter((block) => block.language === 'c' && block.round === round).map(({ contender }) => contender.name);
  t.same(
    ofRound(0),
    contenders.map(({ name }) => name),
  );
  t.not(ofRound(1).join(), ofRound(0).join());
  t.same(
    blocks.filter(({ language }) => language === 'sh').map(({ contender }) => contender.name),
    ['runc-host', 'netnsd-runc'],
  );
  t.match(steps.at(-1), { kind: 'beside', poolSize: 100 });
  t.ok(steps.some((step) => step.kind === 'idle' && step.what === 'netnsd'));
  for (const step of steps) t.ok(expectedMs(step) > 0);
});

t.test('the time that is left follows from what was done', async (t) => {
  const lines: string[] = [];
  const progress = new Progress({ totalMs: 100, nowMs: 0, show: (line) => lines.push(line) });
  t.equal(progress.leftMs(10), undefined, 'nothing is known yet');
  progress.done(25);
  t.equal(progress.leftMs(50_000), 150_000);
  progress.at('docker-bridge, 50 at once', 50_000);
  t.same(lines, ['[######------------------]  25 %  3 min left  docker-bridge, 50 at once']);
  t.match(progressLine({ share: 1, leftMs: 0, what: '' }), /^\[#{24}\] 100 % {2}1 s left/);
});

t.test('stages follow each other, and none ends before the one ahead of it', async (t) => {
  const answers: string[] = [];
  const marks = new Marks(1000, (line) => answers.push(line));
  marks.end('invocation', 1001);
  marks.end('network create', 1011);
  marks.answer('1031000000 1035000000 78498\n');
  marks.end('clean-up', 1055);
  marks.end('container create', 1000.5);
  t.same(answers, ['1031000000 1035000000 78498\n']);
  t.match(marks.times(900), {
    sentMs: 100,
    stages: { invocation: 1, 'container create': 0, 'network create': 10, start: 20, run: 4, 'clean-up': 20 },
    doneMs: 155,
  });
  t.throws(() => marks.answer('Killed'), /the function printed "Killed"/);
});

t.test('a journal that was cut off is read as far as it goes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-journal-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'journal');
  const { head, runs } = resultsOf();
  writeFileSync(file, [head, runs[0], runs[1]].map((entry) => `${JSON.stringify(entry)}\n`).join('') + '{"kind":"ru');
  t.match(readJournal(file), { head: { atOnce: [1, 100] }, runs: { length: 2 }, complete: false });
  writeFileSync(file, '');
  t.equal(readJournal(file), undefined);
});
