import type { EndpointLink } from '../../../src/endpoint/build/inventory.js';
import { uplinkName } from '../../../src/endpoint/hub/hub-names.js';
import { aliasOf } from '../../../src/endpoint/identity.js';
import { factsOf, hostLinkName, planEndpoint } from '../../../src/endpoint/plan.js';
import type { NetworkSettings, Site } from '../../../src/endpoint/types.js';
import type { EndpointRecord, EndpointState } from '../../../src/pool/index.js';
import type { Observation } from '../../../src/reconcile/decide.js';
import type { StartSurvey } from '../../../src/reconcile/start/start-plan.js';

export const SITE: Site = { instanceId: 'test', identity: 'boot /test', stateDir: '/run/netnsd', netnsDir: null };
export const NETWORK: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  max: 1000,
  endpointsPerHub: 1000,
  dns: { servers: [], search: [], options: [] },
};
export const NAME = { id: 'default-7', pool: 'default', index: 4, seq: 7 };
export const INODE = 4026532000;
export const PID = 4711;

export function record(state: EndpointState, reason: string | null = null): EndpointRecord {
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

export const LEASED = { record: record('leased') };
const GRAFT = { inode: INODE + 500, pid: PID };
export const GRAFTED = { record: grafted() };
export const READY = { record: record('ready') };
const NOTHING = { mount: false, link: 'none' } as const;
const HUB = { ...NOTHING, record: null, hub: 'default.0', uplink: uplinkName(SITE, 'default') };
const BRIDGE = { ...NOTHING, record: null, uplink: `${uplinkName(SITE, 'default')}.0` };

/** `start`, `running`: a case of both unless it is one of one phase only. */
interface Case extends Partial<World> {
  readonly only?: 'start' | 'running';
}

export const CASES: Record<string, Case> = {
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

export function worldOf(change: Case): World {
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

export function surveyOf(world: World): StartSurvey {
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
