import t from 'tap';
import { aliasOf, bridgeName, factsOf, hostLinkName, planEndpoint } from '../../../src/endpoint/plan.js';
import type { NetworkSettings, Site } from '../../../src/endpoint/types.js';
import type { Link } from '../../../src/kernel/rtnetlink/link.js';
import type { EndpointRecord, EndpointState } from '../../../src/pool/index.js';
import { ofStray, ofVerdict } from '../../../src/reconcile/findings.js';
import type { LeaseVerdict } from '../../../src/reconcile/lease-watch.js';
import { judge, SurveyIndex, straysOf } from '../../../src/reconcile/running.js';
import { type ComparisonInput, compare } from '../../../src/reconcile/startup.js';
import { INSIDE_BREAKS, NETWORK_BREAKS } from '../../kernel/breaks.js';
import { block, readPage, rowsOf, uncoded } from './markdown.js';

const SITE: Site = { instanceId: 'test', stateDir: '/run/netnsd', netnsDir: null };
const NETWORK: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  portsPerBridge: 1000,
  dns: { servers: [], search: [], options: [] },
};
const NAME = { id: 'default-7', pool: 'default', index: 4, seq: 7 };
const INODE = 4026532000;
const PID = 4711;

function record(state: EndpointState, reason: string | null = null): EndpointRecord {
  const netns = { path: `/run/netnsd/netns/${NAME.id}.0123456789abcdef`, inode: INODE };
  const facts = factsOf(planEndpoint(SITE, NETWORK, NAME), netns, NETWORK.dns);
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

function grafted(): EndpointRecord {
  const leased = record('leased');
  return { ...leased, lease: { ...(leased.lease as NonNullable<EndpointRecord['lease']>), graft: GRAFT } };
}

function link(name: string, alias?: string): Link {
  return { index: 9, name, ...(alias === undefined ? {} : { alias }) } as Link;
}

/** How the world is unless a case says otherwise: one endpoint, complete, nobody inside. */
interface World {
  record: EndpointRecord | null;
  inode: number | undefined;
  mount: boolean;
  link: 'whole' | 'unmarked' | 'none';
  inUse: boolean;
  /** Who stands in the namespace into which the interface was grafted. */
  inContainer: number[];
  network: NetworkSettings | null;
  bridge: string | null;
}

const LEASED = { record: record('leased') };
const GRAFT = { inode: INODE + 500, pid: PID };
const GRAFTED = { record: grafted() };
const READY = { record: record('ready') };
const NOTHING = { mount: false, link: 'none' } as const;
const BRIDGE = { ...NOTHING, record: null, bridge: bridgeName(SITE, 'default', 0) };

/** On the way between two states, and what has no record: the same at a start and later. */
const UNFINISHED: Record<string, Partial<World>> = {
  building: { record: { ...record('building'), facts: null } },
  dirty: { record: record('dirty', 'released') },
  broken: { record: record('broken', 'it would not go') },
  destroying: { record: record('destroying', 'surplus') },
  'no record, a namespace mounted': { record: null, link: 'none' },
  'no record, a link with its alias': { record: null, mount: false },
  'no record, a link that has no alias yet': { record: null, mount: false, link: 'unmarked' },
};

const CASES: Record<string, Partial<World>> = {
  'leased, mounted': LEASED,
  'leased, mounted, its link at the host gone': { ...LEASED, link: 'none' },
  'leased, not mounted, in use': { ...LEASED, mount: false, inUse: true },
  'leased, not mounted, not in use': { ...LEASED, mount: false },
  'leased, mounted, pool no longer configured': { ...LEASED, network: null },
  'leased, not mounted, in use, pool no longer configured': { ...LEASED, mount: false, inUse: true, network: null },
  'leased, not mounted, not in use, pool no longer configured': { ...LEASED, mount: false, network: null },
  'leased, grafted, in use': { ...GRAFTED, inContainer: [PID] },
  "leased, grafted, nobody in the container's namespace": GRAFTED,
  'leased, grafted, its link gone, another namespace has the number': { ...GRAFTED, link: 'none', inContainer: [77] },
  "leased, grafted, its link gone, the container's process still there": {
    ...GRAFTED,
    link: 'none',
    inContainer: [PID],
  },
  'leased, grafted, in use, pool no longer configured': { ...GRAFTED, inContainer: [PID], network: null },
  'leased, grafted, container gone, pool no longer configured': { ...GRAFTED, network: null },
  'ready, as it was left': READY,
  'ready, pool no longer configured': { ...READY, network: null },
  'ready, nothing mounted at its path': { ...READY, inode: undefined },
  'ready, another namespace mounted at its path': { ...READY, inode: INODE + 1 },
  'ready, its link at the host gone': { ...READY, link: 'none' },
  'ready, in use': { ...READY, inUse: true },
  'ready, the pool has another subnet now': { ...READY, network: { ...NETWORK, subnet: '10.99.0.0/16' } },
  'ready, the pool has another MTU now': { ...READY, network: { ...NETWORK, mtuBytes: 9000 } },
  ...UNFINISHED,
  'bridge of a configured pool': BRIDGE,
  'bridge of a pool that is not configured': { ...BRIDGE, network: null },
  'bridge of a pool that is not configured, with an orphan on it': {
    ...BRIDGE,
    ...LEASED,
    mount: true,
    link: 'whole',
    network: null,
  },
};

function inputOf(change: Partial<World>): ComparisonInput {
  const whole: World = {
    ...READY,
    inode: INODE,
    mount: true,
    link: 'whole',
    inUse: false,
    inContainer: [],
    network: NETWORK,
    bridge: null,
  };
  const world = { ...whole, ...change };
  const alias = world.link === 'whole' ? aliasOf(SITE, NAME.id) : undefined;
  return {
    site: SITE,
    networks: world.network === null ? [] : [world.network],
    records: world.record === null ? [] : [world.record],
    found: {
      links: world.link === 'none' ? [] : [link(hostLinkName(SITE, NAME.seq), alias)],
      bridges: world.bridge === null ? [] : [link(world.bridge)],
      namespaces: world.mount ? [[NAME.id, world.inode]] : [],
    },
    users: new Map([
      [INODE, world.inUse ? [PID] : []],
      [GRAFT.inode, world.inContainer],
    ]),
  };
}

/** What `compare` makes of a case, in the words of the page. */
function outcome(input: ComparisonInput, aboutBridge: boolean): [done: string, why: string] {
  const { adopted, strays, staleBridges, orphans } = compare(input);
  if (aboutBridge) return [staleBridges.length > 0 ? 'destroyed' : 'kept', '-'];
  const all = [...adopted, ...strays, ...orphans];
  if (all.length !== 1) throw new Error(`${all.length} verdicts on one endpoint`);
  if (orphans.length > 0) return ['orphan', '-'];
  if (strays.length > 0) return ['destroyed', '-'];
  const [taken] = adopted as [EndpointRecord];
  if (taken === input.records[0]) return ['kept', '-'];
  return [taken.state === 'dirty' && taken.lease === null ? 'replaced' : taken.state, taken.reason ?? '-'];
}

t.test('docs/reconcile.md has every case, and each is as it says', async (t) => {
  const rows = rowsOf(block(readPage('docs/reconcile.md'), 'cases'));
  t.same(
    rows.map(([title]) => title),
    Object.keys(CASES),
  );
  for (const [title = '', done, why = ''] of rows) {
    t.same(outcome(inputOf(CASES[title] ?? {}), title.startsWith('bridge')), [done, uncoded(why)], title);
  }
});

t.test('a stray is named so that both its mount and its link are found', async (t) => {
  t.match(compare(inputOf({ record: null })).strays, [{ id: NAME.id, pool: 'default', seq: 7 }], 'once, not twice');
  const unmarked = compare(inputOf({ record: null, mount: false, link: 'unmarked' }));
  t.match(unmarked.strays, [{ seq: 7 }], 'the number in the name of a link is enough to find it again');
});

t.test('a mount that bears the number of an endpoint does not take the link of that one along', async (t) => {
  const input = inputOf(LEASED);
  const planted = `gone-${NAME.seq}`;
  const found = { ...input.found, namespaces: [...input.found.namespaces, [planted, undefined] as const] };
  const { strays, adopted } = compare({ ...input, found });
  t.same(adopted, [LEASED.record]);
  t.match(strays, [{ id: `gone-${NAME.seq}`, index: -1 }], 'the mount goes');
  t.not(hostLinkName(SITE, strays[0]?.seq ?? NAME.seq), hostLinkName(SITE, NAME.seq));
});

t.test('of a pool that is no longer configured, what is not leased goes with the strays, record and all', async (t) => {
  const { strays, adopted } = compare(inputOf({ ...READY, network: null }));
  t.same(strays, [READY.record]);
  t.same(adopted, [], 'no pool would take it over');
});

/** The same worlds, looked at by a daemon that runs; and what else such a look finds. */
const RUNNING: Record<string, Partial<World> & { lacking?: string | null; lease?: LeaseVerdict }> = {
  'ready, as it was built': READY,
  'ready, nothing mounted at its path': { ...READY, inode: undefined },
  'ready, another namespace mounted at its path': { ...READY, inode: INODE + 1 },
  'ready, its link at the host gone': { ...READY, link: 'none' },
  'ready, in use': { ...READY, inUse: true },
  'ready, something inside gone or changed': { ...READY, lacking: 'its address is gone' },
  'leased, mounted': LEASED,
  'leased, not mounted, in use': { ...LEASED, mount: false, inUse: true },
  'leased, not mounted, not in use': { ...LEASED, mount: false },
  'leased, mounted, its link at the host gone': { ...LEASED, link: 'none' },
  'leased, mounted, something inside gone or changed': { ...LEASED, lacking: 'its address is gone' },
  'leased for a container, which is seen for the first time': { ...LEASED, inUse: true, lease: 'seen' },
  'leased for a container, which has been gone long enough': { ...LEASED, lease: 'gone' },
  'leased for a container, which never came in all that time': { ...LEASED, lease: 'unused' },
  'leased, grafted, in use': { ...GRAFTED, inContainer: [PID] },
  "leased, grafted, nobody in the container's namespace": GRAFTED,
  "leased, grafted, its link gone, the container's process still there": {
    ...GRAFTED,
    link: 'none',
    inContainer: [PID],
  },
  ...UNFINISHED,
};

/** What a running daemon makes of a case, in the words of the page. */
function verdictOn({ lacking = null, lease = 'stays', ...world }: (typeof RUNNING)[string]): [string, string] {
  const { site, found, users, records } = inputOf(world as Partial<World>);
  const [record] = records;
  const ids = new Set(records.map(({ id }) => id));
  const strays = straysOf(site, found, { ids, seqs: new Set(records.map(({ seq }) => seq)) });
  if (strays.length > 1 || (strays.length === 1) !== (record === undefined)) throw new Error('not one verdict');
  if (record === undefined) {
    const { action, problem } = ofStray(strays[0] as never, undefined);
    return [action, problem];
  }
  const verdict = judge(record, { ...new SurveyIndex(site, { found, users }).of(record), lacking, lease });
  if (verdict.act === 'keep') return ['kept', '-'];
  if (verdict.act === 'remember') return ['remembered', '-'];
  const { action, problem } = ofVerdict(record, verdict, 'done');
  return [action === 'none' ? 'told' : action, problem];
}

t.test('docs/reconcile.md has every case of a daemon that runs, and each is as it says', async (t) => {
  const rows = rowsOf(block(readPage('docs/reconcile.md'), 'running'));
  t.same(
    rows.map(([title]) => title),
    Object.keys(RUNNING),
  );
  for (const [title = '', done, told = ''] of rows)
    t.same(verdictOn(RUNNING[title] ?? {}), [done, uncoded(told)], title);
});

t.test('docs/reconcile.md has every fault of networks and namespaces that the kernel tests make', async (t) => {
  const page = readPage('docs/reconcile.md');
  t.same(
    rowsOf(block(page, 'networks')).map(([title, told = '', mended]) => [title, uncoded(told), mended]),
    Object.entries(NETWORK_BREAKS).map(([title, { problem, repaired }]) => [title, problem, repaired ? 'yes' : 'no']),
  );
  t.same(
    rowsOf(block(page, 'inside')).map(([title, told = '']) => [title, uncoded(told)]),
    Object.entries(INSIDE_BREAKS).map(([title, { problem }]) => [title, problem]),
  );
});
