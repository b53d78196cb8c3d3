import { ALL_NODES, type Case, type Peer, type Scene, toGateway, toNeighbour } from './case.js';
import { ETHERTYPE, icmp6, ipv6, ipv6Hex, udp } from './frames.js';

const [SOLICIT, ADVERTISE] = [135, 136];
const type = ETHERTYPE.ipv6;
const own = ({ address6 = '' }: Peer): string => address6;
/** The link-local address that ends as the MAC does. */
const linkLocal = ({ mac }: Peer): string => {
  const bytes = mac.split(':');
  return `fe80::${bytes[2]}${bytes[3]}:${bytes[4]}${bytes[5]}`;
};
/** The last group is that of no endpoint. */
const unused = (address: string): string => address.replace(/[0-9a-f]+$/, '99');
const packet = (from: string, to: string, content: string): string => ipv6({ from, to, content: udp({ content }) });
/** ND about an address, which the token follows as far as the link-layer address of an option would. */
const discovery = (options: { from: string; to: string; message: number; about: string; token: string }): string =>
  icmp6({
    from: options.from,
    to: options.to,
    type: options.message,
    content: `60000000${ipv6Hex(options.about)}${options.token.padEnd(32, '0')}`,
  });
/** A fragment header: the first fragment, of UDP. */
const fragment = (from: string, to: string, content: string): string =>
  ipv6({ from, to, next: 44, content: `110000010000000${'1'}${udp({ content })}` });
const advertise = ({ attacker, neighbour }: Scene, about: string, token: string): string =>
  discovery({ from: own(attacker), to: own(neighbour), message: ADVERTISE, about, token });

/** In pools with `subnet6`. */
export const CASES_IPV6: readonly Case[] = [
  toNeighbour('a packet of its own', 'isolated', ({ attacker, neighbour }, token) => ({
    type,
    content: packet(own(attacker), own(neighbour), token),
  })),
  toNeighbour('one from its link-local address', 'isolated', ({ attacker, neighbour }, token) => ({
    type,
    content: packet(linkLocal(attacker), linkLocal(neighbour), token),
  })),
  toGateway('a packet of its own', true, ({ attacker, gateway }, token) => ({
    type,
    content: packet(own(attacker), own(gateway), token),
  })),
  toNeighbour('an unused address of the network', 'forged', ({ attacker, neighbour }, token) => ({
    type,
    content: packet(unused(own(attacker)), own(neighbour), token),
  })),
  toNeighbour('an unused link-local address', 'forged', ({ attacker, neighbour }, token) => ({
    type,
    content: packet(unused(linkLocal(attacker)), own(neighbour), token),
  })),
  toNeighbour("the gateway's address", 'forged', ({ gateway, neighbour }, token) => ({
    type,
    content: packet(own(gateway), own(neighbour), token),
  })),
  toGateway("the neighbour's address", false, ({ neighbour, gateway }, token) => ({
    type,
    content: packet(own(neighbour), own(gateway), token),
  })),
  toGateway('an address of another network that ends as its own', false, ({ attacker, gateway }, token) => ({
    type,
    content: packet(linkLocal(attacker).replace('fe80', '2001:db8'), own(gateway), token),
  })),
  toGateway('the unspecified address', false, ({ gateway }, token) => ({
    type,
    content: packet('::', own(gateway), token),
  })),
  toNeighbour('a fragment with a forged source', 'forged', ({ attacker, neighbour }, token) => ({
    type,
    content: fragment(unused(own(attacker)), own(neighbour), token),
  })),
  toNeighbour('a DHCPv6 answer', 'forged', ({ attacker, neighbour }, token) => ({
    type,
    content: ipv6({
      from: own(attacker),
      to: own(neighbour),
      content: udp({ from: 547, to: 546, content: token }),
    }),
  })),
  toNeighbour('a tagged packet', 'forged', ({ attacker, neighbour }, token) => ({
    type: ETHERTYPE.vlan,
    content: `0064${type}${packet(own(attacker), own(neighbour), token)}`,
  })),
  toNeighbour('an advertisement of its own address', 'isolated', (scene, token) => ({
    type,
    content: advertise(scene, own(scene.attacker), token),
  })),
  toNeighbour("an advertisement of the gateway's", 'forged', (scene, token) => ({
    type,
    content: advertise(scene, own(scene.gateway), token),
  })),
  toNeighbour('an advertisement of an unused address', 'forged', (scene, token) => ({
    type,
    content: advertise(scene, unused(own(scene.attacker)), token),
  })),
  toNeighbour('a solicitation from a forged source', 'forged', ({ attacker, neighbour }, token) => ({
    type,
    content: discovery({
      from: unused(own(attacker)),
      to: own(neighbour),
      message: SOLICIT,
      about: own(neighbour),
      token,
    }),
  })),
  toNeighbour('a solicitation to all who may have an address', 'isolated', ({ attacker, neighbour }, token) => ({
    to: '33:33:ff:00:00:03',
    type,
    content: discovery({
      from: own(attacker),
      to: ALL_NODES,
      message: SOLICIT,
      about: own(neighbour),
      token,
    }),
  })),
  toGateway('a multicast from a forged source', false, ({ attacker }, token) => ({
    to: '33:33:00:00:00:01',
    type,
    content: packet(unused(own(attacker)), ALL_NODES, token),
  })),
];
