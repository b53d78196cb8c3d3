import { aliasOf } from '../../../src/endpoint/identity.js';
import { bridgeName, factsOf, hostLinkName, planEndpoint } from '../../../src/endpoint/plan.js';
import type { NetworkSettings, Site } from '../../../src/endpoint/types.js';
import type { Link } from '../../../src/kernel/rtnetlink/link.js';
import type { EndpointRecord, EndpointState } from '../../../src/pool/index.js';
import type { Observation } from '../../../src/reconcile/decide.js';
import type { StartSurvey } from '../../../src/reconcile/start/start-plan.js';

export const SITE: Site = { instanceId: 'test', identity: 'boot /test', stateDir: '/run/netnsd', netnsDir: null };
export const NETWORK: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  portsPerBridge: 1000,
  dns: { servers: [], search: [], options: [] },
};
export const NAME = { id: 'default-7', pool: 'default', index: 4, seq: 7 };
export const INODE = 4026532000;
export const PID = 4711;

export function record(state: EndpointState, reason: string | null = null): EndpointRecord {
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

function link(name: string, alias?: string): Link {
  return { index: 9, name, ...(alias === undefined ? {} : { alias }) } as Link;
}

/** One endpoint, complete and empty, unless a case says otherwise. */
interface World {
  record: EndpointRecord | null;
  inode: number | undefined;
  mount: boolean;
  link: 'whole' | 'unmarked' | 'none';
  inUse: boolean;
  /** Processes in the namespace into which the interface was grafted. */
  inContainer: number[];
  network: NetworkSettings | null;
  bridge: string | null;
  /** What only a daemon that runs knows. */
  lacking: string | null;
  use: Observation['use'];
}

export const LEASED = { record: record('leased') };
const GRAFT = { inode: INODE + 500, pid: PID };
export const GRAFTED = { record: grafted() };
export const READY = { record: record('ready') };
const NOTHING = { mount: false, link: 'none' } as const;
const BRIDGE = { ...NOTHING, record: null, bridge: bridgeName(SITE, 'default', 0) };

/** `start`, `running`: a case of both unless it is one of one phase only. */
interface Case extends Partial<World> {
  readonly only?: 'start' | 'running';
}

export const CASES: Record<string, Case> = {
  'ready, as it was built': READY,
  'ready, nothing mounted at its path': { ...READY, inode: undefined },
  'ready, another namespace mounted at its path': { ...READY, inode: INODE + 1 },
  'ready, built by version 0.1': { record: former() },
  'ready, its link at the host gone': { ...READY, link: 'none' },
  'ready, in use': { ...READY, inUse: true },
  'ready, something inside gone or changed': { ...READY, lacking: 'its address is gone', only: 'running' },
  'ready, the pool has another subnet': { ...READY, network: { ...NETWORK, subnet: '10.99.0.0/16' }, only: 'start' },
  'ready, the pool has another MTU': { ...READY, network: { ...NETWORK, mtuBytes: 9000 }, only: 'start' },
  'ready, pool no longer configured': { ...READY, network: null, only: 'start' },
  'leased, mounted': LEASED,
  'leased, mounted, its link at the host gone': { ...LEASED, link: 'none' },
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
  'leased by netnsd-cni for a network namespace that is gone': { ...LEASED, use: 'detached', only: 'running' },
  'the same, in use': { ...LEASED, use: 'detached', inUse: true, only: 'running' },
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
  'bridge of a configured pool': { ...BRIDGE, only: 'start' },
  'bridge of a pool that is not configured': { ...BRIDGE, network: null, only: 'start' },
  'bridge of a pool that is not configured, with an orphan on it': {
    ...BRIDGE,
    ...LEASED,
    mount: true,
    link: 'whole',
    network: null,
    only: 'start',
  },
};

export function worldOf(change: Case): World {
  const whole: World = {
    ...READY,
    inode: INODE,
    mount: true,
    link: 'whole',
    inUse: false,
    inContainer: [],
    network: NETWORK,
    bridge: null,
    lacking: null,
    use: 'unchanged',
  };
  return { ...whole, ...change };
}

export function surveyOf(world: World): StartSurvey {
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
