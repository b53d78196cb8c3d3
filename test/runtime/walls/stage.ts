import type { Test } from 'tap';
import type { Daemon } from '../daemon.js';
import { links } from '../eye.js';
import type { Peer, Scene } from './case.js';
import { ETHERTYPE, ethernet, icmpEcho, ipv4, PROTOCOL, udp } from './frames.js';
import { Wire } from './wire.js';

/** How often it is waited until all that was sent before has arrived: what the host routes goes the same way twice. */
const ROUNDS = 3;

interface Place extends Peer {
  readonly wire: Wire;
}
export interface Stage extends Scene {
  readonly attacker: Place;
  readonly neighbour: Place;
  readonly gateway: Place;
  readonly path: string;
}

export async function stageOf(t: Test, daemon: Daemon, pool: string, program: string): Promise<Stage> {
  const leases = [await daemon.acquire('--pool', pool), await daemon.acquire('--pool', pool)];
  const [attacker, neighbour] = await Promise.all(
    leases.map(async ({ addresses, interface: { mac, name }, netns }) => ({
      address: addresses[0]?.address.split('/')[0] as string,
      address6: addresses[1]?.address.split('/')[0],
      mac,
      wire: await Wire.open(t, program, name, netns.path),
    })),
  );
  const gatewayAddress = leases[0]?.addresses[0]?.gateway as string;
  const uplink = (await links()).find(({ addr_info }) => addr_info.some(({ local }) => local === gatewayAddress));
  if (uplink === undefined || attacker === undefined || neighbour === undefined) throw new Error('no uplink');
  const address6 = leases[0]?.addresses[1]?.gateway;
  const gateway = {
    address: gatewayAddress,
    address6,
    mac: uplink.address,
    wire: await Wire.open(t, program, uplink.ifname),
  };
  return { attacker, neighbour, gateway, path: leases[0]?.netns.path as string };
}

/** Nothing like it is in a frame by chance. */
export const token = (number: number): string => `ca5eca5e${number.toString(16).padStart(4, '0')}5eca5eca`;

export function plain(from: Peer, to: Peer, content: string): string {
  const packet = ipv4({ from: from.address, to: to.address, content: udp({ content }) });
  return ethernet({ from: from.mac, to: to.mac, type: ETHERTYPE.ipv4, content: packet });
}

/** An ICMP echo request. */
export function echo(from: Peer, to: Peer, content: string): string {
  const packet = ipv4({ from: from.address, to: to.address, protocol: PROTOCOL.icmp, content: icmpEcho(content) });
  return ethernet({ from: from.mac, to: to.mac, type: ETHERTYPE.ipv4, content: packet });
}

/** Resolves when what was sent before has arrived, or never will. */
export async function settle({ attacker, neighbour, gateway }: Stage, first: number): Promise<void> {
  for (let round = first; round < first + ROUNDS; round += 1) {
    await attacker.wire.send(plain(attacker, gateway, token(round)));
    await gateway.wire.send(plain(gateway, neighbour, token(round)));
    await Promise.all([gateway.wire.arrival(token(round)), neighbour.wire.arrival(token(round))]);
  }
}
