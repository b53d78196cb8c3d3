import {
  ALL_NODES,
  type Case,
  claim,
  LINK_LOCAL,
  METADATA_6,
  NAT64,
  OTHER_MAC,
  packet,
  plain,
  tagged,
  toGateway,
  toNeighbour,
  unused,
} from './case.js';
import { ETHERTYPE, FRAGMENT, icmp6, ipv4, ipv6, PROTOCOL, sourceRoute, udp } from './frames.js';

export const CASES: readonly Case[] = [
  toNeighbour('a packet of its own', 'isolated', (scene, token) => ({ content: plain(scene, token) })),
  toGateway('a packet of its own', true, ({ attacker, gateway }, token) => ({
    content: packet(attacker.address, gateway.address, token),
  })),

  // MACs
  toNeighbour('a MAC of its own making', 'forged', (scene, token) => ({
    from: OTHER_MAC,
    content: plain(scene, token),
  })),
  toNeighbour("the gateway's MAC", 'forged', (scene, token) => ({
    from: scene.gateway.mac,
    content: plain(scene, token),
  })),
  toGateway("the neighbour's MAC and address", false, ({ neighbour, gateway }, token) => ({
    from: neighbour.mac,
    content: packet(neighbour.address, gateway.address, token),
  })),
  toGateway('another MAC with the address that it stands for', false, ({ gateway }, token) => ({
    from: OTHER_MAC,
    content: packet('10.213.0.99', gateway.address, token),
  })),

  // IPv4
  toNeighbour('an unused address of the network', 'forged', (scene, token) => ({
    content: packet(unused(scene), scene.neighbour.address, token),
  })),
  toNeighbour("the gateway's address", 'forged', ({ gateway, neighbour }, token) => ({
    content: packet(gateway.address, neighbour.address, token),
  })),
  toGateway("the neighbour's address", false, ({ neighbour, gateway }, token) => ({
    content: packet(neighbour.address, gateway.address, token),
  })),
  toGateway('an address of another network', false, ({ gateway }, token) => ({
    content: packet('192.0.2.7', gateway.address, token),
  })),
  toNeighbour('a first fragment with a forged source', 'forged', (scene, token) => ({
    content: ipv4({
      from: unused(scene),
      to: scene.neighbour.address,
      fragment: FRAGMENT.first,
      content: udp({ content: token }),
    }),
  })),
  toNeighbour('a second fragment with a forged source', 'forged', (scene, token) => ({
    content: ipv4({ from: unused(scene), to: scene.neighbour.address, fragment: FRAGMENT.second, content: token }),
  })),
  toNeighbour('a second fragment of its own', 'isolated', ({ attacker, neighbour }, token) => ({
    content: ipv4({ from: attacker.address, to: neighbour.address, fragment: FRAGMENT.second, content: token }),
  })),
  toNeighbour('IP options and a forged source', 'forged', (scene, token) => ({
    content: ipv4({
      from: unused(scene),
      to: scene.neighbour.address,
      ipOptions: sourceRoute(scene.attacker.address),
      content: udp({ content: token }),
    }),
  })),
  toNeighbour('IP options', 'isolated', ({ attacker, neighbour }, token) => ({
    content: ipv4({
      from: attacker.address,
      to: neighbour.address,
      ipOptions: sourceRoute('192.0.2.1'),
      content: udp({ content: token }),
    }),
  })),
  toNeighbour('IPv4 multicast to a single MAC', 'isolated', ({ attacker }, token) => ({
    content: packet(attacker.address, '224.0.0.251', token),
  })),
  toNeighbour('IPv4 multicast from a forged source', 'forged', (scene, token) => ({
    content: packet(unused(scene), '224.0.0.251', token),
  })),
  toNeighbour('the broadcast address to a single MAC', 'isolated', ({ attacker }, token) => ({
    content: packet(attacker.address, '255.255.255.255', token),
  })),
  toNeighbour('a DHCP answer', 'forged', ({ attacker, neighbour }, token) => ({
    content: ipv4({
      from: attacker.address,
      to: neighbour.address,
      content: udp({ from: 67, to: 68, content: token }),
    }),
  })),

  // By way of the gateway, which is a router.
  {
    ...toNeighbour('a packet that the gateway is to route back', 'isolated', (scene, token) => ({
      to: scene.gateway.mac,
      content: plain(scene, token),
    })),
  },
  toNeighbour('the same with a forged source', 'forged', (scene, token) => ({
    to: scene.gateway.mac,
    content: packet(unused(scene), scene.neighbour.address, token),
  })),

  // Tunnels to the neighbour
  toNeighbour('VXLAN', 'isolated', ({ attacker, neighbour }, token) => ({
    content: ipv4({
      from: attacker.address,
      to: neighbour.address,
      content: udp({ to: 4789, content: `0800000000002a00${token}` }),
    }),
  })),
  toNeighbour('GRE', 'isolated', ({ attacker, neighbour }, token) => ({
    content: ipv4({
      from: attacker.address,
      to: neighbour.address,
      protocol: PROTOCOL.gre,
      content: `00000800${token}`,
    }),
  })),
  toNeighbour('IPIP', 'isolated', (scene, token) => ({
    content: ipv4({
      from: scene.attacker.address,
      to: scene.neighbour.address,
      protocol: PROTOCOL.ipip,
      content: packet('192.0.2.7', scene.neighbour.address, token),
    }),
  })),

  // ARP
  toNeighbour("an ARP answer for the gateway's address", 'forged', (scene, token) => ({
    type: ETHERTYPE.arp,
    content: claim(scene, { sender: scene.gateway.address }, token),
  })),
  toNeighbour('an ARP answer with the MAC of another', 'forged', (scene, token) => ({
    type: ETHERTYPE.arp,
    content: claim(scene, { senderMac: OTHER_MAC }, token),
  })),
  toNeighbour('an ARP question from a forged address', 'forged', (scene, token) => ({
    type: ETHERTYPE.arp,
    content: claim(scene, { operation: 1, sender: unused(scene) }, token),
  })),
  toGateway("a gratuitous ARP answer for the neighbour's address", false, (scene, token) => ({
    to: 'ff:ff:ff:ff:ff:ff',
    type: ETHERTYPE.arp,
    content: claim(scene, { sender: scene.neighbour.address, target: scene.neighbour.address }, token),
  })),
  toGateway('an ARP answer of its own', true, (scene, token) => ({
    type: ETHERTYPE.arp,
    content: claim(scene, { target: scene.gateway.address }, token),
  })),

  // Tags and other protocols
  toNeighbour('a VLAN tag', 'forged', (scene, token) => ({
    type: ETHERTYPE.vlan,
    content: tagged(scene, token, '0064'),
  })),
  toNeighbour('a priority tag', 'forged', (scene, token) => ({
    type: ETHERTYPE.vlan,
    content: tagged(scene, token, 'e000'),
  })),
  toNeighbour('two VLAN tags', 'forged', (scene, token) => ({
    type: ETHERTYPE.serviceVlan,
    content: `0064${ETHERTYPE.vlan}${tagged(scene, token, '0065')}`,
  })),
  toNeighbour('MPLS', 'forged', (scene, token) => ({
    type: ETHERTYPE.mpls,
    content: `00064140${plain(scene, token)}`,
  })),
  toNeighbour('an unknown protocol', 'forged', (_, token) => ({ type: ETHERTYPE.experimental, content: token })),
  toGateway('a frame of the spanning tree protocol', false, (_, token) => ({
    to: '01:80:c2:00:00:00',
    type: '0026',
    content: `424203${token}`,
  })),

  // IPv6, which these pools do not have
  toNeighbour('a router advertisement', 'forged', (_, token) => ({
    type: ETHERTYPE.ipv6,
    content: icmp6({ from: LINK_LOCAL, to: ALL_NODES, type: 134, content: `4000070800000000000000000${'0'}${token}` }),
  })),
  toNeighbour('a neighbour advertisement', 'forged', (_, token) => ({
    type: ETHERTYPE.ipv6,
    content: icmp6({ from: LINK_LOCAL, to: ALL_NODES, type: 136, content: `60000000${token.padEnd(32, '0')}` }),
  })),
  toNeighbour('a neighbour solicitation', 'forged', (_, token) => ({
    type: ETHERTYPE.ipv6,
    content: icmp6({ from: LINK_LOCAL, to: ALL_NODES, type: 135, content: `00000000${token.padEnd(32, '0')}` }),
  })),
  toNeighbour('link-local IPv6', 'forged', (_, token) => ({
    type: ETHERTYPE.ipv6,
    content: ipv6({ from: LINK_LOCAL, to: 'fe80::98', content: udp({ content: token }) }),
  })),
  toGateway('IPv6 multicast', false, (_, token) => ({
    to: '33:33:00:00:00:01',
    type: ETHERTYPE.ipv6,
    content: ipv6({ from: LINK_LOCAL, to: ALL_NODES, content: udp({ content: token }) }),
  })),
  ...[METADATA_6, NAT64].map((to) =>
    toGateway(`the metadata address by IPv6, ${to}`, false, (_, token) => ({
      type: ETHERTYPE.ipv6,
      content: ipv6({ from: LINK_LOCAL, to, content: udp({ content: token }) }),
    })),
  ),
];
