/**
 * What others may do by hand to what netnsd made, each as commands of iproute2; docs/reconcile.md has a row for
 * each. Only data: the tests that run them stand in the sandbox.
 */
export interface Break {
  /**
   * Arguments of `ip`, or of `bridge`, `nft`, `sysctl` or `tc` where the first word is that, one command after another: in the host, or in a hub where
   * `hub:NAME` comes first. `hub:NAME umount` takes the hub's mount away.
   */
  readonly commands: readonly (readonly string[])[];
  readonly problem: string;
  /** What it is about: the uplink, a hub, or the link of the first endpoint. */
  readonly object: string;
  /** Whether netnsd can put it right. */
  readonly repaired: boolean;
}

const UPLINK = 'nbtest-xiob';
const ROOT = 'hub:default.root';
const HUB = 'hub:default.0';
const PORT = 'ndtest-1';

function breakOf(object: string, problem: string, ...commands: string[]): Break {
  return { commands: commands.map((line) => line.split(' ')), problem, object, repaired: true };
}

/** In a hub. */
function inHub(object: string, problem: string, ...commands: string[]): Break {
  const hub = object.startsWith('hub:') ? object : HUB;
  return breakOf(object, problem, ...commands.map((line) => `${hub} ${line}`));
}

/** The uplink in the host; hubs, and the links of endpoints in them. */
export const NETWORK_BREAKS: Readonly<Record<string, Break>> = {
  'the uplink was deleted': breakOf(UPLINK, 'is gone', `link delete ${UPLINK}`),
  'something else has the name of the uplink': {
    ...breakOf(
      UPLINK,
      'is there and no uplink: remove it, "ip link delete" does',
      `link delete ${UPLINK}`,
      `link add ${UPLINK} type bridge`,
    ),
    repaired: false,
  },
  'the uplink was set down': breakOf(UPLINK, 'is down', `link set ${UPLINK} down`),
  "the uplink's MAC was changed": breakOf(UPLINK, 'has another MAC', `link set ${UPLINK} address 02:00:00:00:00:01`),
  "the gateway's address was taken off the uplink": breakOf(
    UPLINK,
    "has lost the gateway's address",
    `address flush dev ${UPLINK}`,
  ),
  'the route to the subnet was deleted': breakOf(
    UPLINK,
    'has lost the route to its subnet',
    `route delete 10.213.0.0/16 dev ${UPLINK}`,
  ),
  "the gateway's IPv6 address was taken off the uplink": breakOf(
    UPLINK,
    "has lost the gateway's address",
    `address delete fd00:213::1/64 dev ${UPLINK}`,
  ),
  "the gateway's link-local address was taken off the uplink": breakOf(
    UPLINK,
    "has lost the gateway's address",
    `address delete fe80::1/64 dev ${UPLINK}`,
  ),
  'the route to the IPv6 subnet was deleted': breakOf(
    UPLINK,
    'has lost the route to its subnet',
    `route delete fd00:213::/64 dev ${UPLINK}`,
  ),
  "a hub's mount was taken away": inHub(HUB, 'is not mounted in the vault', 'umount'),
  "the root hub's mount was taken away": inHub(ROOT, 'is not mounted in the vault', 'umount'),
  "a hub's bridge was deleted": inHub(HUB, 'has lost its bridge', 'link delete bridge'),
  "the root hub's bridge was deleted": inHub(ROOT, 'has lost its bridge', 'link delete bridge'),
  "a hub's bridge was deleted, and another one made in its place": inHub(
    HUB,
    'has another bridge by now',
    'link delete bridge',
    'link add bridge type bridge',
  ),
  "something that is no bridge has the bridge's name": {
    ...inHub(
      HUB,
      'has a link "bridge" that is none: remove it, "ip link delete" does',
      'link delete bridge',
      'link add bridge type veth peer name other',
    ),
    repaired: false,
  },
  "a hub's bridge was set down": inHub(HUB, 'has its bridge down', 'link set bridge down'),
  "a hub's end of its uplink was deleted": inHub(HUB, 'has lost its uplink', 'link delete uplink'),
  "a hub's end of its uplink was set down": inHub(HUB, 'has lost its uplink', 'link set uplink down'),
  "the gateway's neighbour entry in a hub was deleted": inHub(
    HUB,
    "has lost the gateway's entries",
    'neighbour delete 10.213.0.1 dev bridge',
  ),
  "the root hub's port to a hub was changed": breakOf(
    HUB,
    'is no port of the root hub as it was made',
    `${ROOT} bridge link set dev hub0 learning on`,
  ),
  'rules for IP packets were switched on for the frames of a hub': inHub(
    HUB,
    'has its frames filtered as packets',
    'sysctl -qw net.bridge.bridge-nf-call-iptables=1',
  ),
  "a hub's rules were removed": inHub(HUB, 'has other rules than netnsd gave it', 'nft flush ruleset'),
  "the root hub's port to a hub was isolated": breakOf(
    HUB,
    'is no port of the root hub as it was made',
    `${ROOT} bridge link set dev hub0 isolated on`,
  ),
  'a port was unlocked': inHub(PORT, 'has other settings as a port', `bridge link set dev ${PORT} locked off`),
  'a link was taken out of its bridge': inHub(PORT, 'is a port of no bridge', `link set ${PORT} nomaster`),
  'a link was put into another bridge': inHub(
    PORT,
    'is a port of another bridge',
    'link add other type bridge',
    `link set ${PORT} master other`,
  ),
  'a link was set down': inHub(PORT, 'is down', `link set ${PORT} down`),
  "a port's settings were changed": inHub(
    PORT,
    'has other settings as a port',
    `bridge link set dev ${PORT} learning on`,
  ),
  "a port's rate limit was removed": inHub(PORT, 'has lost its rate limit', `tc qdisc delete dev ${PORT} root`),
  'the forwarding entry was deleted': inHub(
    PORT,
    'has lost its forwarding entry',
    `bridge fdb del 0a:58:0a:d5:00:03 dev ${PORT} master`,
  ),
  'the neighbour entry was deleted': inHub(
    PORT,
    'has lost its neighbour entry',
    'neighbour delete 10.213.0.3 dev bridge',
  ),
  'the forwarding entry in the root hub was deleted': breakOf(
    PORT,
    'has lost its forwarding entry',
    `${ROOT} bridge fdb del 0a:58:0a:d5:00:03 dev hub0 master`,
  ),
};

/** Inside the namespace of a ready endpoint. */
export const INSIDE_BREAKS: Readonly<
  Record<string, { readonly commands: readonly string[]; readonly problem: string }>
> = {
  'its addresses were flushed': { commands: ['address flush dev eth0'], problem: 'its address is gone' },
  'its default route was deleted': { commands: ['route delete default'], problem: 'its default route is gone' },
  'its IPv6 address was deleted': {
    commands: ['address delete fd00:213::ad5:3/64 dev eth0'],
    problem: 'its address is gone',
  },
  'its link-local address was deleted': {
    commands: ['address delete fe80::ad5:3/64 dev eth0'],
    problem: 'its link-local address is gone',
  },
  'its IPv6 default route was deleted': {
    commands: ['-6 route delete default'],
    problem: 'its default route is gone',
  },
  'its route to another network was deleted': {
    commands: ['route delete 10.9.0.0/16'],
    problem: 'its route to 10.9.0.0/16 is gone',
  },
  'its IPv6 route to another network was deleted': {
    commands: ['-6 route delete fd00:9::/48'],
    problem: 'its route to fd00:9::/48 is gone',
  },
  'a sysctl of its pool was changed': {
    commands: ['sysctl -qw net.core.somaxconn=5'],
    problem: 'its sysctl net.core.somaxconn was changed',
  },
  'its eth0 was set down': { commands: ['link set eth0 down'], problem: 'its eth0 is down' },
  'its eth0 was renamed': {
    commands: ['link set eth0 down', 'link set eth0 name lan0', 'link set lan0 up'],
    problem: 'its eth0 is gone',
  },
  "its eth0's MAC was changed": {
    commands: ['link set eth0 address 02:00:00:00:00:01'],
    problem: 'its eth0 has another MAC',
  },
  "its eth0's MTU was changed": { commands: ['link set eth0 mtu 1400'], problem: 'its eth0 has another MTU' },
  "its eth0's rate limit was removed": {
    commands: ['tc qdisc replace dev eth0 root pfifo'],
    problem: 'its eth0 has lost its rate limit',
  },
  'its lo was set down': { commands: ['link set lo down'], problem: 'its lo is down' },
};
