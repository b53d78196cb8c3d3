import { isNotFound } from '../../kernel/errno.js';
import { type InterfaceAddress, listAddresses } from '../../kernel/rtnetlink/address.js';
import { listForwarding } from '../../kernel/rtnetlink/forwarding.js';
import {
  type BridgePortSettings,
  getLink,
  type Link,
  linkDump,
  parseBridgePort,
  parseLink,
} from '../../kernel/rtnetlink/link.js';
import { NUD_NOARP, NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { macText, pairNames } from '../plan.js';

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

/**
 * Reads what is there of a network, by questions about its own bridges only: `ip link show master`, `bridge fdb show br`,
 * `ip neighbour show dev` of each, and the addresses and routes of the first. Links that are on none of these bridges are
 * asked for by name: the bridges, the pairs between them and those of `expected` that were not among the ports.
 */
export async function seeNetwork(
  { socket }: Host,
  { bridges, expected }: { bridges: readonly { name: string; index: number }[]; expected: readonly string[] },
): Promise<NetworkSeen> {
  const links = new Map<string, Link>();
  const ports = new Map<number, BridgePortSettings>();
  const neighbours = new Set<string>();
  const forwarding = new Set<string>();
  const note = (message: Buffer): void => {
    const link = parseLink(message);
    links.set(link.name, link);
    const port = parseBridgePort(message);
    if (port !== undefined) ports.set(link.index, port);
  };
  for (const { index } of bridges) {
    for (const message of await socket.dump(linkDump({ masterIndex: index }))) note(message);
    for (const { portIndex, state, mac } of await listForwarding(socket, index))
      if ((state & NUD_NOARP) !== 0) forwarding.add(forwardingKey(portIndex, [...mac]));
    for (const { state, address, mac } of await listNeighbours(socket, index))
      if ((state & NUD_PERMANENT) !== 0 && address !== undefined && mac !== undefined)
        neighbours.add(neighbourKey(index, address, [...mac]));
  }
  const names = [...bridges.flatMap(({ name }) => [name, ...pairNames(name)]), ...expected];
  for (const outcome of socket.transact(names.filter((name) => !links.has(name)).map(getLink))) {
    if (outcome.ok) for (const message of outcome.replies) note(message);
    else if (!isNotFound(outcome.error)) throw outcome.error;
  }
  const linkIndex = bridges[0]?.index ?? 0;
  const addresses = await listAddresses(socket, { linkIndex });
  const routes = await listRoutes(socket, { linkIndex });
  return { links, ports, addresses, routes, neighbours, forwarding };
}
