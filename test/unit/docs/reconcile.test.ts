import t from 'tap';
import type { EndpointRecord } from '../../../src/pool/index.js';
import { type Decision, decide, RUNNING } from '../../../src/reconcile/decide.js';
import { ofStray } from '../../../src/reconcile/findings.js';
import { planStart } from '../../../src/reconcile/start/start-plan.js';
import { knownOf, straysWhileRunning } from '../../../src/reconcile/strays.js';
import { SurveyIndex } from '../../../src/reconcile/survey.js';
import { INSIDE_BREAKS, NETWORK_BREAKS } from '../../kernel/breaks.js';
import { CASES, SITE, surveyOf, worldOf } from '../reconcile/worlds.js';
import { block, readPage, rowsOf, uncoded } from './markdown.js';

/** The words of the page. */
const WORDS: Record<Decision['act'], string> = {
  keep: 'kept',
  remember: 'recorded',
  replace: 'replaced',
  release: 'released',
  report: 'reported',
  orphan: 'orphan',
  destroy: 'removed',
};

type Told = readonly [done: string, problem: string];

/** What a start does in a case, in the words of the page: what is decided, and that the plan says the same. */
function atStart(title: string): Told {
  const world = worldOf(CASES[title] ?? {});
  const survey = surveyOf(world);
  const { adopted, strays, stale, orphans } = planStart(survey);
  if (/^(hub|bridge) /.test(title)) {
    const [objects, gone] = [[world.hub, world.uplink].filter(Boolean), [...stale.hubs, ...stale.links]];
    if (gone.length > 0) t.same(gone, objects, title);
    return [gone.length > 0 ? 'removed' : 'kept', '-'];
  }
  const all = [...adopted, ...strays];
  if (all.length !== 1) throw new Error(`${all.length} outcomes for one endpoint`);
  const { record } = world;
  if (record === null) return [strays.length === 1 ? 'removed' : 'kept', '-'];
  if (orphans.length > 0) return ['orphan', '-'];
  if (strays.length > 0) return ['removed', '-'];
  const [taken] = adopted as [EndpointRecord];
  const decided = decide(record, {
    ...new SurveyIndex(SITE, survey).of(record),
    pool: CASES[title]?.network === undefined ? 'unchanged' : 'changed',
    attended: false,
    lacking: null,
    use: 'unchanged',
  });
  const problem = 'problem' in decided ? decided.problem : '-';
  const isReplaced = taken.state === 'dirty' && taken.lease === null && taken.reason === problem;
  if (isReplaced !== ['replace', 'release'].includes(decided.act)) throw new Error(`not carried out: ${decided.act}`);
  if (!isReplaced && taken !== record) throw new Error('what is kept stays the same record');
  return [WORDS[decided.act], problem];
}

/** What a running daemon does in a case. */
function whileRunning(title: string): Told {
  const world = worldOf(CASES[title] ?? {});
  const { site, found, users, records } = surveyOf(world);
  const strays = straysWhileRunning(site, found, knownOf(records));
  const { record, lacking, use } = world;
  if (strays.length !== (record === null ? 1 : 0)) throw new Error(`${strays.length} strays`);
  if (record === null) {
    const { action, problem } = ofStray(strays[0] as never, undefined);
    return [action, problem];
  }
  const decided = decide(record, { ...new SurveyIndex(site, { found, users }).of(record), ...RUNNING, lacking, use });
  return [WORDS[decided.act], 'problem' in decided ? decided.problem : '-'];
}

t.test('docs/reconcile.md has every case, and each is as it says', async (t) => {
  const rows = rowsOf(block(readPage('docs/reconcile.md'), 'cases'));
  t.same(
    rows.map(([title]) => title),
    Object.keys(CASES),
  );
  for (const [title = '', start, running, problem = ''] of rows) {
    const only = CASES[title]?.only;
    const [started, startProblem] = only === 'running' ? ['n/a', '-'] : atStart(title);
    const [ran, runningProblem] = only === 'start' ? ['n/a', '-'] : whileRunning(title);
    t.same([start, running], [started, ran], title);
    const told = [startProblem, runningProblem].filter((text) => text !== '-');
    t.same([...new Set(told)], problem === '-' ? [] : [uncoded(problem)], `${title}: the problem`);
  }
});

t.test('docs/reconcile.md has every fault of networks and namespaces that the kernel tests make', async (t) => {
  const page = readPage('docs/reconcile.md');
  t.same(
    rowsOf(block(page, 'networks')).map(([title, told = '', repaired]) => [title, uncoded(told), repaired]),
    Object.entries(NETWORK_BREAKS).map(([title, { problem, repaired }]) => [title, problem, repaired ? 'yes' : 'no']),
  );
  t.same(
    rowsOf(block(page, 'inside')).map(([title, told = '']) => [title, uncoded(told)]),
    Object.entries(INSIDE_BREAKS).map(([title, { problem }]) => [title, problem]),
  );
});
