/**
 * What others may do by hand to what netnsd made, each as commands of iproute2; docs/reconcile.md has a row for
 * each. Only data: the tests that run them stand in the sandbox.
 */
export interface Break {
  /** Arguments of `ip`, or of `bridge` where the first word is that, one command after another. */
  readonly commands: readonly (readonly string[])[];
  readonly problem: string;
  /** What it is about: a bridge by its place in the group, or the link of the first endpoint. */
  readonly object: 'bridge 0' | 'bridge 1' | 'port';
  /** Whether netnsd can put it right. */
  readonly repaired: boolean;
}

const FIRST = 'nbtest-xiob.0';
const SECOND = 'nbtest-xiob.1';
const PORT = 'ndtest-1';

function bridge(problem: string, ...commands: string[]): Break {
  return { commands: commands.map((line) => line.split(' ')), problem, object: 'bridge 0', repaired: true };
}

function port(problem: string, ...commands: string[]): Break {
  return { ...bridge(problem, ...commands), object: 'port' };
}

/** At the host: bridges, and the links of endpoints on them. */
export const NETWORK_BREAKS: Readonly<Record<string, Break>> = {
  'a bridge was deleted': bridge('is gone', `link delete ${FIRST}`),
  'a bridge was deleted, and another one made in its place': bridge(
    'is another bridge by now',
    `link delete ${FIRST}`,
    `link add ${FIRST} type bridge`,
  ),
  'something that is no bridge has its name': {
    ...bridge(
      'is there and no bridge: remove it, "ip link delete" does',
      `link delete ${FIRST}`,
      `link add ${FIRST} type veth peer name other`,
    ),
    repaired: false,
  },
  'a bridge was set down': bridge('is down', `link set ${FIRST} down`),
  "a bridge's MAC was changed": bridge('has another MAC', `link set ${FIRST} address 02:00:00:00:00:01`),
  "the gateway's address was taken off the first bridge": bridge(
    "has lost the gateway's address",
    `address flush dev ${FIRST}`,
  ),
  'the route to the subnet was deleted': bridge(
    'has lost the route to its subnet',
    `route delete 10.213.0.0/16 dev ${FIRST}`,
  ),
  'a further bridge of the group was deleted': { ...bridge('is gone', `link delete ${SECOND}`), object: 'bridge 1' },
  'the pair that links a further bridge was deleted': {
    ...bridge('is not linked to the first bridge of its pool', `link delete ${SECOND}u`),
    object: 'bridge 1',
  },
  'a link was taken out of its bridge': port('is a port of no bridge', `link set ${PORT} nomaster`),
  'a link was put into another bridge': port(
    'is a port of another bridge',
    'link add other type bridge',
    `link set ${PORT} master other`,
  ),
  'a link was set down': port('is down', `link set ${PORT} down`),
  "a port's settings were changed": port('has other settings as a port', `bridge link set dev ${PORT} learning on`),
  'the forwarding entries were flushed': port(
    'has lost its forwarding entry',
    `bridge fdb del 0a:58:0a:d5:00:03 dev ${PORT} master`,
  ),
  'the neighbour entries were flushed': port(
    'has lost its neighbour entry',
    `neighbour flush dev ${FIRST} nud permanent`,
  ),
};

/** Inside the namespace of a ready endpoint. */
export const INSIDE_BREAKS: Readonly<
  Record<string, { readonly commands: readonly string[]; readonly problem: string }>
> = {
  'its addresses were flushed': { commands: ['address flush dev eth0'], problem: 'its address is gone' },
  'its default route was deleted': { commands: ['route delete default'], problem: 'its default route is gone' },
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
  'its lo was set down': { commands: ['link set lo down'], problem: 'its lo is down' },
};
