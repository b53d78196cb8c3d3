import t from 'tap';
import { findNetworkFaults } from '../../../../src/endpoint/network/network-faults.js';
import { forwardingKey, type NetworkSeen, neighbourKey } from '../../../../src/endpoint/network/network-seen.js';
import { bridgeMac, bridgeName, macText, planEndpoint } from '../../../../src/endpoint/plan.js';
import type { BridgePortSettings, Link } from '../../../../src/kernel/rtnetlink/link.js';
import { nameOf, SETTINGS, SITE } from '../fixture.js';

const [FIRST, SECOND] = [bridgeName(SITE, 'default', 0), bridgeName(SITE, 'default', 1)];
const PLAN = planEndpoint(SITE, SETTINGS, nameOf(1, 0));
/** Indexes of links. */
const [FIRST_INDEX, SECOND_INDEX, PORT_INDEX] = [10, 11, 20];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** What a row of the table changes. */
interface Scene {
  readonly links: Map<string, Mutable<Link>>;
  readonly ports: Map<number, Mutable<BridgePortSettings>>;
  addresses: NetworkSeen['addresses'];
  routes: NetworkSeen['routes'];
  readonly neighbours: Set<string>;
  readonly forwarding: Set<string>;
}

function link(index: number, name: string, more: Partial<Link> = {}): [string, Link] {
  const base = { up: true, mtuBytes: 1500, mac: undefined, masterIndex: undefined, peerIndex: undefined };
  return [name, { index, name, kind: 'veth', alias: undefined, ...base, ...more }];
}

/** Two bridges, linked, and the port of one endpoint on the second one: as they were made. */
function whole(): Scene {
  const bridge = (index: number, name: string) => link(index, name, { kind: 'bridge', mac: macText(bridgeMac(name)) });
  return {
    links: new Map([
      bridge(FIRST_INDEX, FIRST),
      bridge(SECOND_INDEX, SECOND),
      link(12, `${SECOND}u`, { masterIndex: SECOND_INDEX }),
      link(13, `${SECOND}d`, { masterIndex: FIRST_INDEX }),
      link(PORT_INDEX, PLAN.hostName, { masterIndex: SECOND_INDEX }),
    ]),
    ports: new Map([[PORT_INDEX, { learning: false, proxyArp: true, proxyArpWifi: true }]]),
    addresses: [{ linkIndex: FIRST_INDEX, label: FIRST, address: Buffer.from([10, 213, 0, 1]), prefixLength: 16 }],
    routes: [
      {
        destination: Buffer.from([10, 213, 0, 0]),
        prefixLength: 16,
        gateway: undefined,
        linkIndex: FIRST_INDEX,
        table: 254,
        type: 1,
      },
    ],
    neighbours: new Set(
      [FIRST_INDEX, SECOND_INDEX].map((index) => neighbourKey(index, PLAN.address, PLAN.containerMac)),
    ),
    forwarding: new Set([forwardingKey(PORT_INDEX, PLAN.containerMac)]),
  };
}

function faultsAfter(change: (scene: Scene) => void): string[] {
  const scene = whole();
  change(scene);
  const port = { bridgeIndex: SECOND_INDEX, neighbourIndexes: [SECOND_INDEX, FIRST_INDEX] };
  const expected = {
    site: SITE,
    settings: SETTINGS,
    places: [FIRST_INDEX, SECOND_INDEX],
    ports: [{ plan: PLAN, port }],
  };
  return findNetworkFaults(scene, expected).map(({ link: name, endpoint, problem }) =>
    [...(endpoint === null ? [] : [`${endpoint}:`]), name, problem].join(' '),
  );
}

const set = (name: string, more: Partial<Link>) => (scene: Scene) =>
  void Object.assign(scene.links.get(name) as object, more);
const setPort = (more: Partial<BridgePortSettings>) => (scene: Scene) =>
  void Object.assign(scene.ports.get(PORT_INDEX) as object, more);

const UNLINKED = `${SECOND} is not linked to the first bridge of its pool`;
const PORT = `default-1: ${PLAN.hostName}`;
const ROWS: [what: string, change: (scene: Scene) => void, wanted: string[]][] = [
  ['a network as it was made', () => {}, []],
  ['no bridge', ({ links }) => links.delete(FIRST), [`${FIRST} is gone`]],
  [
    'no bridge but a link of its name',
    set(FIRST, { kind: 'dummy' }),
    [`${FIRST} is there and no bridge: remove it, "ip link delete" does`],
  ],
  ['another bridge of its name', set(FIRST, { index: 99 }), [`${FIRST} is another bridge by now`]],
  ['a bridge that is down', set(SECOND, { up: false }), [`${SECOND} is down`]],
  ['a bridge with another MAC', set(FIRST, { mac: '02:00:00:00:00:07' }), [`${FIRST} has another MAC`]],
  ['no address', (scene) => (scene.addresses = []), [`${FIRST} has lost the gateway's address`]],
  [
    'the address with another prefix',
    (scene) => (scene.addresses = scene.addresses.map((one) => ({ ...one, prefixLength: 24 }))),
    [`${FIRST} has lost the gateway's address`],
  ],
  [
    'the address on another link',
    (scene) => (scene.addresses = scene.addresses.map((one) => ({ ...one, linkIndex: SECOND_INDEX }))),
    [`${FIRST} has lost the gateway's address`],
  ],
  ['no route', (scene) => (scene.routes = []), [`${FIRST} has lost the route to its subnet`]],
  [
    'the route in another table',
    (scene) => (scene.routes = scene.routes.map((one) => ({ ...one, table: 100 }))),
    [`${FIRST} has lost the route to its subnet`],
  ],
  ['one end of the pair gone', ({ links }) => links.delete(`${SECOND}u`), [UNLINKED]],
  ['the other end down', set(`${SECOND}d`, { up: false }), [UNLINKED]],
  ['the pair on a bridge of others', set(`${SECOND}d`, { masterIndex: 77 }), [UNLINKED]],
  ['a port that was taken off', set(PLAN.hostName, { masterIndex: undefined }), [`${PORT} is a port of no bridge`]],
  ['a port of another bridge', set(PLAN.hostName, { masterIndex: 77 }), [`${PORT} is a port of another bridge`]],
  ['a port that is down', set(PLAN.hostName, { up: false }), [`${PORT} is down`]],
  ['a port that learns', setPort({ learning: true }), [`${PORT} has other settings as a port`]],
  ['a port without proxy ARP', setPort({ proxyArp: false }), [`${PORT} has other settings as a port`]],
  ['a port without the other one', setPort({ proxyArpWifi: false }), [`${PORT} has other settings as a port`]],
  ['no settings at all', ({ ports }) => ports.clear(), [`${PORT} has other settings as a port`]],
  ['no forwarding entry', ({ forwarding }) => forwarding.clear(), [`${PORT} has lost its forwarding entry`]],
  [
    'a neighbour entry on one bridge only',
    ({ neighbours }) => neighbours.delete(neighbourKey(FIRST_INDEX, PLAN.address, PLAN.containerMac)),
    [`${PORT} has lost its neighbour entry`],
  ],
  ['an endpoint whose link is gone', ({ links }) => links.delete(PLAN.hostName), []],
  [
    'several at once',
    (scene) => {
      set(FIRST, { up: false })(scene);
      scene.forwarding.clear();
    },
    [`${FIRST} is down`, `${PORT} has lost its forwarding entry`],
  ],
];

for (const [what, change, wanted] of ROWS)
  t.test(`the network of a pool, ${what}: ${wanted.join(', ') || 'no fault'}`, async (t) => {
    t.strictSame(faultsAfter(change), wanted);
  });
