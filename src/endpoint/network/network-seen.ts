import { type InterfaceAddress, listAddresses } from '../../kernel/rtnetlink/address.js';
import { listForwarding } from '../../kernel/rtnetlink/forwarding.js';
import {
  type BridgePortSettings,
  LIST_LINKS,
  type Link,
  parseBridgePort,
  parseLink,
} from '../../kernel/rtnetlink/link.js';
import { NUD_NOARP, NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { macText } from '../plan.js';

/** What the host has of bridges and their ports; MACs and addresses as text, to be looked up. */
export interface NetworkSeen {
  readonly links: ReadonlyMap<string, Link>;
  /** By index of the port. */
  readonly ports: ReadonlyMap<number, BridgePortSettings>;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  /** Permanent ones: `BRIDGE_INDEX ADDRESS MAC`. */
  readonly neighbours: ReadonlySet<string>;
  /** Static ones: `PORT_INDEX MAC`. */
  readonly forwarding: ReadonlySet<string>;
}

export function neighbourKey(linkIndex: number, address: Iterable<number>, mac: readonly number[]): string {
  return `${linkIndex} ${[...address].join('.')} ${macText(mac)}`;
}

export function forwardingKey(portIndex: number, mac: readonly number[]): string {
  return `${portIndex} ${macText(mac)}`;
}

/** Five dumps, whatever the number of pools: `ip -d link`, `ip -4 address`, `ip -4 route`, `ip neighbour`, `bridge fdb`. */
export async function seeNetworks({ socket }: Host): Promise<NetworkSeen> {
  const messages = await socket.dump(LIST_LINKS);
  const links = messages.map(parseLink);
  const ports = new Map<number, BridgePortSettings>();
  for (const [position, message] of messages.entries()) {
    const port = parseBridgePort(message);
    if (port !== undefined) ports.set((links[position] as Link).index, port);
  }
  const neighbours = (await listNeighbours(socket)).flatMap(({ linkIndex, state, address, mac }) =>
    (state & NUD_PERMANENT) === 0 || address === undefined || mac === undefined
      ? []
      : [neighbourKey(linkIndex, address, [...mac])],
  );
  const forwarding = (await listForwarding(socket)).flatMap(({ portIndex, state, mac }) =>
    (state & NUD_NOARP) === 0 ? [] : [forwardingKey(portIndex, [...mac])],
  );
  return {
    links: new Map(links.map((link) => [link.name, link])),
    ports,
    addresses: await listAddresses(socket),
    routes: await listRoutes(socket),
    neighbours: new Set(neighbours),
    forwarding: new Set(forwarding),
  };
}
