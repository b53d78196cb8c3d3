import t from 'tap';
import { forwardingKey, neighbourKey } from '../../../../src/endpoint/hub/hub-view.js';
import {
  type ExpectedNetwork,
  findNetworkFaults,
  withoutFollowing,
} from '../../../../src/endpoint/network/network-faults.js';
import type { HubSeen, NetworkSeen } from '../../../../src/endpoint/network/network-seen.js';
import { gatewayMac, macText, planEndpoint, subnetOf } from '../../../../src/endpoint/plan.js';
import type { BridgePortSettings, Link } from '../../../../src/kernel/rtnetlink/link.js';
import { nameOf, SETTINGS, SITE } from '../fixture.js';

const SUBNET = subnetOf(SETTINGS);
const PLAN = planEndpoint(SITE, SETTINGS, nameOf(1, 0));
const UPLINK = 'nbk3f9-xiob';
const QUIET = { learning: false, proxyArp: true, proxyArpWifi: true, isolated: false, locked: true };
/** Indexes of links. */
const [BRIDGE, UP, PORT, ROOT_PORT, HOST_END] = [2, 30, 20, 40, 50];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** What a row of the table changes. */
interface SceneHub {
  mounted: boolean;
  walled: boolean;
  filtersFrames: boolean;
  readonly links: Map<string, Mutable<Link>>;
  readonly ports: Map<number, Mutable<BridgePortSettings>>;
  readonly neighbours: Set<string>;
  readonly forwarding: Set<string>;
}
interface Scene {
  uplink: Mutable<Link> | undefined;
  addresses: NetworkSeen['addresses'];
  routes: NetworkSeen['routes'];
  readonly hubs: { root: SceneHub; hub: SceneHub };
}

function link(index: number, name: string, more: Partial<Link> = {}): Link {
  const base = { up: true, mtuBytes: 1500, mac: undefined, masterIndex: undefined, peerIndex: undefined };
  return { index, name, kind: 'veth', alias: undefined, ...base, ...more };
}

function hub(peerIndex: number, links: readonly Link[], entries: { port: number }): SceneHub {
  const own = [
    link(BRIDGE, 'bridge', { kind: 'bridge' }),
    link(UP, 'uplink', { masterIndex: BRIDGE, peerIndex }),
    ...links,
  ];
  const gateway = gatewayMac(UPLINK);
  return {
    mounted: true,
    walled: true,
    filtersFrames: false,
    links: new Map(own.map((one) => [one.name, one])),
    ports: new Map([[entries.port, { ...QUIET }]]),
    neighbours: new Set([neighbourKey([10, 213, 0, 1], gateway), neighbourKey(PLAN.address, PLAN.containerMac)]),
    forwarding: new Set([forwardingKey(UP, gateway), forwardingKey(entries.port, PLAN.containerMac)]),
  };
}

/** A root hub and one other, with one endpoint: as they were made. */
function whole(): Scene {
  return {
    uplink: link(HOST_END, UPLINK, { mac: macText(gatewayMac(UPLINK)), peerIndex: UP }),
    addresses: [{ linkIndex: HOST_END, label: UPLINK, address: Buffer.from([10, 213, 0, 1]), prefixLength: 16 }],
    routes: [
      {
        destination: Buffer.from([10, 213, 0, 0]),
        prefixLength: 16,
        gateway: undefined,
        linkIndex: HOST_END,
        table: 254,
        type: 1,
      },
    ],
    hubs: {
      root: hub(HOST_END, [link(ROOT_PORT, 'hub0', { masterIndex: BRIDGE, peerIndex: UP })], { port: ROOT_PORT }),
      hub: hub(ROOT_PORT, [link(PORT, PLAN.hostName, { masterIndex: BRIDGE })], { port: PORT }),
    },
  };
}

const ROOT = { name: 'default.root', bridgeIndex: BRIDGE, end: UPLINK };
const HUB = { name: 'default.0', bridgeIndex: BRIDGE, end: 'hub0' };
const EXPECTED: ExpectedNetwork = {
  subnets: [SUBNET],
  uplink: UPLINK,
  root: ROOT,
  hubs: [HUB],
  ports: [{ plan: PLAN, hub: HUB, root: { hub: ROOT, portIndex: ROOT_PORT } }],
  walls: { endpoint: { locked: true, isolated: false }, hub: { isolated: false } },
};

function faultsAfter(change: (scene: Scene) => void): string[] {
  const scene = whole();
  change(scene);
  const { root, hub: other } = scene.hubs;
  const hubs = new Map<string, HubSeen>([
    [ROOT.name, root],
    [HUB.name, other],
  ]);
  return withoutFollowing(findNetworkFaults({ ...scene, hubs }, EXPECTED)).map(({ link: name, endpoint, problem }) =>
    [...(endpoint === null ? [] : [`${endpoint}:`]), name, problem].join(' '),
  );
}

const set = (place: 'root' | 'hub', name: string, more: Partial<Link>) => (scene: Scene) =>
  void Object.assign(scene.hubs[place].links.get(name) as object, more);
const setUplink = (more: Partial<Link>) => (scene: Scene) => void Object.assign(scene.uplink as object, more);
const setPort = (more: Partial<BridgePortSettings>) => (scene: Scene) =>
  void Object.assign(scene.hubs.hub.ports.get(PORT) as object, more);

const [AT_ROOT, AT_HUB, AT_PORT] = ['hub:default.root', 'hub:default.0', `default-1: ${PLAN.hostName}`];
const ROWS: [what: string, change: (scene: Scene) => void, wanted: string[]][] = [
  ['a network as it was made', () => {}, []],
  ['no uplink, and so none in the root hub', (scene) => (scene.uplink = undefined), [`${UPLINK} is gone`]],
  [
    'no uplink but a link of its name',
    setUplink({ kind: 'dummy' }),
    [`${UPLINK} is there and no uplink: remove it, "ip link delete" does`, `${AT_ROOT} has lost its uplink`],
  ],
  ['another pair of its name', setUplink({ peerIndex: 99 }), [`${AT_ROOT} has lost its uplink`]],
  ['an uplink that is down', setUplink({ up: false }), [`${UPLINK} is down`]],
  ['an uplink with another MAC', setUplink({ mac: '02:00:00:00:00:07' }), [`${UPLINK} has another MAC`]],
  ['no address', (scene) => (scene.addresses = []), [`${UPLINK} has lost the gateway's address`]],
  [
    'the address with another prefix',
    (scene) => (scene.addresses = scene.addresses.map((one) => ({ ...one, prefixLength: 24 }))),
    [`${UPLINK} has lost the gateway's address`],
  ],
  ['no route', (scene) => (scene.routes = []), [`${UPLINK} has lost the route to its subnet`]],
  [
    'the route in another table',
    (scene) => (scene.routes = scene.routes.map((one) => ({ ...one, table: 100 }))),
    [`${UPLINK} has lost the route to its subnet`],
  ],
  ['a hub without its mount', ({ hubs }) => (hubs.hub.mounted = false), [`${AT_HUB} is not mounted in the vault`]],
  ['no bridge', ({ hubs }) => hubs.hub.links.delete('bridge'), [`${AT_HUB} has lost its bridge`]],
  [
    'no bridge but a link of its name',
    set('hub', 'bridge', { kind: 'dummy' }),
    [`${AT_HUB} has a link "bridge" that is none: remove it, "ip link delete" does`],
  ],
  ['another bridge', set('root', 'bridge', { index: 99 }), [`${AT_ROOT} has another bridge by now`]],
  ['a bridge that is down', set('hub', 'bridge', { up: false }), [`${AT_HUB} has its bridge down`]],
  [
    'a hub with other rules',
    ({ hubs }) => (hubs.hub.walled = false),
    [`${AT_HUB} has other rules than netnsd gave it`],
  ],
  [
    'a hub in which br_netfilter was switched on',
    ({ hubs }) => (hubs.hub.filtersFrames = true),
    [`${AT_HUB} has its frames filtered as packets`],
  ],
  ["no end of a hub's uplink", ({ hubs }) => hubs.hub.links.delete('uplink'), [`${AT_HUB} has lost its uplink`]],
  [
    "a hub's uplink off its bridge",
    set('hub', 'uplink', { masterIndex: undefined }),
    [`${AT_HUB} has lost its uplink`],
  ],
  ["a hub's uplink that is down", set('hub', 'uplink', { up: false }), [`${AT_HUB} has lost its uplink`]],
  ['no end in the root hub', ({ hubs }) => hubs.root.links.delete('hub0'), [`${AT_HUB} has lost its uplink`]],
  [
    'a port of the root hub that is down',
    set('root', 'hub0', { up: false }),
    [`${AT_HUB} is no port of the root hub as it was made`],
  ],
  [
    'a port of the root hub that floods',
    ({ hubs }) => hubs.root.ports.clear(),
    [`${AT_HUB} is no port of the root hub as it was made`],
  ],
  [
    "no forwarding entry of the gateway's",
    ({ hubs }) => hubs.hub.forwarding.delete(forwardingKey(UP, gatewayMac(UPLINK))),
    [`${AT_HUB} has lost the gateway's entries`],
  ],
  [
    "no neighbour entry of the gateway's",
    ({ hubs }) => hubs.root.neighbours.delete(neighbourKey([10, 213, 0, 1], gatewayMac(UPLINK))),
    [`${AT_ROOT} has lost the gateway's entries`],
  ],
  ['a port taken off', set('hub', PLAN.hostName, { masterIndex: undefined }), [`${AT_PORT} is a port of no bridge`]],
  [
    'a port of another bridge',
    set('hub', PLAN.hostName, { masterIndex: 77 }),
    [`${AT_PORT} is a port of another bridge`],
  ],
  ['a port that is down', set('hub', PLAN.hostName, { up: false }), [`${AT_PORT} is down`]],
  ['a port that learns', setPort({ learning: true }), [`${AT_PORT} has other settings as a port`]],
  ['a port without proxy ARP', setPort({ proxyArp: false }), [`${AT_PORT} has other settings as a port`]],
  ['a port without the other one', setPort({ proxyArpWifi: false }), [`${AT_PORT} has other settings as a port`]],
  ['a port that was unlocked', setPort({ locked: false }), [`${AT_PORT} has other settings as a port`]],
  ['a port that was isolated', setPort({ isolated: true }), [`${AT_PORT} has other settings as a port`]],
  ['a kernel without locked ports', setPort({ locked: undefined }), []],
  ['no settings at all', ({ hubs }) => hubs.hub.ports.clear(), [`${AT_PORT} has other settings as a port`]],
  [
    'no forwarding entry',
    ({ hubs }) => hubs.hub.forwarding.delete(forwardingKey(PORT, PLAN.containerMac)),
    [`${AT_PORT} has lost its forwarding entry`],
  ],
  [
    'a neighbour entry in the hub only',
    ({ hubs }) => hubs.root.neighbours.delete(neighbourKey(PLAN.address, PLAN.containerMac)),
    [`${AT_PORT} has lost its neighbour entry`],
  ],
  ['an endpoint whose link is gone', ({ hubs }) => hubs.hub.links.delete(PLAN.hostName), []],
  [
    'several at once',
    (scene) => {
      setUplink({ up: false })(scene);
      set('hub', PLAN.hostName, { up: false })(scene);
    },
    [`${UPLINK} is down`, `${AT_PORT} is down`],
  ],
];

for (const [what, change, wanted] of ROWS)
  t.test(`the network of a pool, ${what}: ${wanted.join(', ') || 'no fault'}`, async (t) => {
    t.strictSame(faultsAfter(change), wanted);
  });
