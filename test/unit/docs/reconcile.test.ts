import t from 'tap';
import type { EndpointLink } from '../../../src/endpoint/build/inventory.js';
import { uplinkName } from '../../../src/endpoint/hub/hub-names.js';
import { aliasOf, factsOf, hostLinkName, planEndpoint } from '../../../src/endpoint/plan.js';
import type { NetworkSettings, Site } from '../../../src/endpoint/types.js';
import type { EndpointRecord, EndpointState } from '../../../src/pool/index.js';
import { type Decision, decide, type Observation, RUNNING } from '../../../src/reconcile/decide.js';
import { ofStray } from '../../../src/reconcile/findings.js';
import { planStart, type StartSurvey } from '../../../src/reconcile/start-plan.js';
import { knownOf, straysWhileRunning } from '../../../src/reconcile/strays.js';
import { SurveyIndex } from '../../../src/reconcile/survey.js';
import { INSIDE_BREAKS, NETWORK_BREAKS } from '../../kernel/breaks.js';
import { block, readPage, rowsOf, uncoded } from './markdown.js';

const SITE: Site = { instanceId: 'test', stateDir: '/run/netnsd', netnsDir: null };
const NETWORK: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  max: 1000,
  endpointsPerHub: 1000,
  dns: { servers: [], search: [], options: [] },
};
const NAME = { id: 'default-7', pool: 'default', index: 4, seq: 7 };
const INODE = 4026532000;
const PID = 4711;

function record(state: EndpointState, reason: string | null = null): EndpointRecord {
  const netns = { path: `/run/netnsd/netns/${NAME.id}.0123456789abcdef`, inode: INODE };
  const facts = factsOf(planEndpoint(SITE, NETWORK, NAME), { netns, hub: 'default.0' }, NETWORK.dns);
  const terms = {
    id: '0123456789abcdef',
    containerId: 'c',
    tenant: 'default',
    trust: 'unknown' as const,
    source: 'warm',
    expiresAt: null,
  } as const;
  const lease = state === 'leased' ? { ...terms, acquiredAt: '2025-12-31T23:59:00.000Z' } : null;
  return { ...NAME, state, facts, lease, tenant: null, reason };
}

/** Its path is one that its next lease would have again. */
function former(): EndpointRecord {
  const ready = record('ready');
  const facts = ready.facts as NonNullable<EndpointRecord['facts']>;
  const netns = { ...facts.netns, path: `/run/netnsd/netns/ndtest-${NAME.id}` };
  return { ...ready, facts: { ...facts, netns } };
}

function grafted(): EndpointRecord {
  const leased = record('leased');
  return { ...leased, lease: { ...(leased.lease as NonNullable<EndpointRecord['lease']>), graft: GRAFT } };
}

function link(
  name: string,
  { alias, hub = 'default.0' }: { alias?: string | undefined; hub?: string | null } = {},
): EndpointLink {
  return { index: 9, name, hub, ...(alias === undefined ? {} : { alias }) } as EndpointLink;
}

/** One endpoint, complete and empty, unless a case says otherwise. */
interface World {
  record: EndpointRecord | null;
  inode: number | undefined;
  mount: boolean;
  /** `former`: in the host, where an earlier version left it. */
  link: 'whole' | 'unmarked' | 'former' | 'none';
  inUse: boolean;
  /** Processes in the namespace into which the interface was grafted. */
  inContainer: number[];
  network: NetworkSettings | null;
  hub: string | null;
  /** A link in the host that is no endpoint's. */
  uplink: string | null;
  /** What only a daemon that runs knows. */
  lacking: string | null;
  use: Observation['use'];
}

const LEASED = { record: record('leased') };
const GRAFT = { inode: INODE + 500, pid: PID };
const GRAFTED = { record: grafted() };
const READY = { record: record('ready') };
const NOTHING = { mount: false, link: 'none' } as const;
const HUB = { ...NOTHING, record: null, hub: 'default.0', uplink: uplinkName(SITE, 'default') };
const BRIDGE = { ...NOTHING, record: null, uplink: `${uplinkName(SITE, 'default')}.0` };

/** `start`, `running`: a case of both unless it is one of one phase only. */
interface Case extends Partial<World> {
  readonly only?: 'start' | 'running';
}

const CASES: Record<string, Case> = {
  'ready, as it was built': READY,
  'ready, nothing mounted at its path': { ...READY, inode: undefined },
  'ready, another namespace mounted at its path': { ...READY, inode: INODE + 1 },
  'ready, built by version 0.1': { record: former() },
  'ready, its link gone': { ...READY, link: 'none' },
  'ready, its link in the host, where an earlier version left it': { ...READY, link: 'former' },
  'ready, in use': { ...READY, inUse: true },
  'ready, something inside gone or changed': { ...READY, lacking: 'its address is gone', only: 'running' },
  'ready, the pool has another subnet': { ...READY, network: { ...NETWORK, subnet: '10.99.0.0/16' }, only: 'start' },
  'ready, the pool has another MTU': { ...READY, network: { ...NETWORK, mtuBytes: 9000 }, only: 'start' },
  'ready, pool no longer configured': { ...READY, network: null, only: 'start' },
  'leased, mounted': LEASED,
  'leased, mounted, its link gone': { ...LEASED, link: 'none' },
  'leased, mounted, its link in the host': { ...LEASED, link: 'former' },
  'leased, mounted, something inside gone or changed': { ...LEASED, lacking: 'its address is gone', only: 'running' },
  'leased, not mounted, in use': { ...LEASED, mount: false, inUse: true },
  'leased, not mounted, not in use': { ...LEASED, mount: false },
  'leased for a container, which is seen for the first time': {
    ...LEASED,
    inUse: true,
    use: 'first seen',
    only: 'running',
  },
  'leased for a container, which has been gone long enough': { ...LEASED, use: 'gone', only: 'running' },
  'leased for a container, which never came': { ...LEASED, use: 'never came', only: 'running' },
  'leased, mounted, pool no longer configured': { ...LEASED, network: null, only: 'start' },
  'leased, not mounted, in use, pool no longer configured': {
    ...LEASED,
    mount: false,
    inUse: true,
    network: null,
    only: 'start',
  },
  'leased, not mounted, not in use, pool no longer configured': {
    ...LEASED,
    mount: false,
    network: null,
    only: 'start',
  },
  'grafted, in use': { ...GRAFTED, inContainer: [PID] },
  "grafted, no process in the container's namespace": GRAFTED,
  'grafted, its link gone, the inode number reused': { ...GRAFTED, link: 'none', inContainer: [77] },
  "grafted, its link gone, the container's process still there": { ...GRAFTED, link: 'none', inContainer: [PID] },
  'grafted, in use, pool no longer configured': { ...GRAFTED, inContainer: [PID], network: null, only: 'start' },
  'grafted, container gone, pool no longer configured': { ...GRAFTED, network: null, only: 'start' },
  building: { record: { ...record('building'), facts: null } },
  dirty: { record: record('dirty', 'released') },
  broken: { record: record('broken', 'failed to destroy') },
  destroying: { record: record('destroying', 'surplus') },
  'no record, a namespace mounted': { record: null, link: 'none' },
  'no record, a link with its alias': { record: null, mount: false },
  'no record, a link that has no alias yet': { record: null, mount: false, link: 'unmarked' },
  'hub of a configured pool': { ...HUB, only: 'start' },
  'hub of a pool that is not configured': { ...HUB, network: null, only: 'start' },
  'bridge in the host of a pool that is not configured': { ...BRIDGE, network: null, only: 'start' },
  'hub of a pool that is not configured, with an orphan in it': {
    ...HUB,
    ...LEASED,
    mount: true,
    link: 'whole',
    network: null,
    only: 'start',
  },
};

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

function worldOf(change: Case): World {
  const whole: World = {
    ...READY,
    inode: INODE,
    mount: true,
    link: 'whole',
    inUse: false,
    inContainer: [],
    network: NETWORK,
    hub: null,
    uplink: null,
    lacking: null,
    use: 'unchanged',
  };
  return { ...whole, ...change };
}

function surveyOf(world: World): StartSurvey {
  const alias = world.link === 'unmarked' ? undefined : aliasOf(SITE, NAME.id);
  const hub = world.link === 'former' ? null : 'default.0';
  return {
    site: SITE,
    networks: world.network === null ? [] : [world.network],
    records: world.record === null ? [] : [world.record],
    found: {
      links: world.link === 'none' ? [] : [link(hostLinkName(SITE, NAME.seq), { alias, hub })],
      uplinks: world.uplink === null ? [] : [link(world.uplink)],
      hubs: world.hub === null ? [] : [world.hub],
      namespaces: world.mount ? [[NAME.id, world.inode]] : [],
    },
    users: new Map([
      [INODE, world.inUse ? [PID] : []],
      [GRAFT.inode, world.inContainer],
    ]),
  };
}

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
  const all = [...adopted, ...strays, ...orphans];
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

t.test('a stray is named once, so that both its mount and its link are found', async (t) => {
  t.match(planStart(surveyOf(worldOf({ record: null }))).strays, [{ id: NAME.id, pool: 'default', seq: 7 }]);
  const unmarked = planStart(surveyOf(worldOf({ record: null, mount: false, link: 'unmarked' })));
  t.match(unmarked.strays, [{ seq: 7 }], 'by the number in the name of its link');
});

t.test('a mount that bears the number of an endpoint is removed without the link of that endpoint', async (t) => {
  const survey = surveyOf(worldOf(LEASED));
  const planted = `gone-${NAME.seq}`;
  const found = { ...survey.found, namespaces: [...survey.found.namespaces, [planted, undefined] as const] };
  const { strays, adopted } = planStart({ ...survey, found });
  t.same(adopted, [LEASED.record]);
  t.match(strays, [{ id: `gone-${NAME.seq}`, index: -1 }], 'the mount is removed');
  t.not(hostLinkName(SITE, strays[0]?.seq ?? NAME.seq), hostLinkName(SITE, NAME.seq));
});

t.test(
  'an endpoint of a pool that is no longer configured is removed unless it is leased, with its record',
  async (t) => {
    const { strays, adopted } = planStart(surveyOf(worldOf({ ...READY, network: null })));
    t.same(strays, [READY.record]);
    t.same(adopted, []);
  },
);

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
