import { arp, ETHERTYPE, ethernet, ipv4, udp } from './frames.js';

export interface Peer {
  readonly mac: string;
  readonly address: string;
  /** Of IPv6; absent: the pool has none. */
  readonly address6?: string | undefined;
}

export interface Scene {
  /** A container of the pool, which sends. */
  readonly attacker: Peer;
  /** Another one. */
  readonly neighbour: Peer;
  readonly gateway: Peer;
}

/** A frame, and whether it arrives: in a pool with `anti_spoof` (`own`), and in one with full isolation as well (`full`). */
export interface Case {
  readonly what: string;
  readonly at: 'neighbour' | 'gateway';
  readonly own: boolean;
  readonly full: boolean;
  frame(scene: Scene, token: string): string;
}

interface Parts {
  readonly from?: string;
  readonly to?: string;
  readonly type?: string;
  readonly content: string;
}
export type Make = (scene: Scene, token: string) => Parts;

export const OTHER_MAC = '0a:58:0a:d5:00:63';
/** An address of the same network that no endpoint has. */
export const unused = ({ attacker }: Scene): string => attacker.address.replace(/\d+$/, '99');
export const [LINK_LOCAL, ALL_NODES, METADATA_6, NAT64] = [
  'fe80::99',
  'ff02::1',
  'fd00:ec2::254',
  '64:ff9b::a9fe:a9fe',
];

/** To the neighbour's own MAC. */
export function toNeighbour(what: string, arrives: 'forged' | 'isolated', make: Make): Case {
  return {
    what,
    at: 'neighbour',
    own: arrives === 'isolated',
    full: false,
    frame: (scene, token) => frame(scene, scene.neighbour.mac, make(scene, token)),
  };
}

/** To the gateway. */
export function toGateway(what: string, arrives: boolean, make: Make): Case {
  return {
    what,
    at: 'gateway',
    own: arrives,
    full: arrives,
    frame: (scene, token) => frame(scene, scene.gateway.mac, make(scene, token)),
  };
}

function frame(scene: Scene, mac: string, { from = scene.attacker.mac, to = mac, type, content }: Parts): string {
  return ethernet({ from, to, type: type ?? ETHERTYPE.ipv4, content });
}

export const packet = (from: string, to: string, token: string): string =>
  ipv4({ from, to, content: udp({ content: token }) });
/** From the attacker to the neighbour, as it should be. */
export const plain = ({ attacker, neighbour }: Scene, token: string): string =>
  packet(attacker.address, neighbour.address, token);
export const tagged = (scene: Scene, token: string, tag: string): string =>
  `${tag}${ETHERTYPE.ipv4}${plain(scene, token)}`;
export const claim = (scene: Scene, more: Partial<Parameters<typeof arp>[0]>, content: string): string =>
  arp({
    operation: 2,
    senderMac: scene.attacker.mac,
    sender: scene.attacker.address,
    target: scene.neighbour.address,
    content,
    ...more,
  });
