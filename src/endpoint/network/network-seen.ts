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
import { AF_INET, AF_INET6, NUD_NOARP, NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { findLink, type Hub } from '../hub/hub.js';
import { HUB_BRIDGE, HUB_UPLINK } from '../hub/hub-names.js';
import { macText } from '../plan.js';
import type { Walls } from './walls/walls.js';

/** What there is of a hub; MACs and addresses as text, to be looked up. */
export interface HubSeen {
  readonly mounted: boolean;
  /** Whether its rules are as they were made. */
  readonly walled: boolean;
  readonly links: ReadonlyMap<string, Link>;
  /** By index of the port. */
  readonly ports: ReadonlyMap<number, BridgePortSettings>;
  /** Permanent ones: `ADDRESS MAC`. */
  readonly neighbours: ReadonlySet<string>;
  /** Static ones: `PORT_INDEX MAC`. */
  readonly forwarding: ReadonlySet<string>;
}

/** What there is of a pool's network. */
export interface NetworkSeen {
  /** The end of the uplink in the host. */
  readonly uplink: Link | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  /** By name of the hub. */
  readonly hubs: ReadonlyMap<string, HubSeen>;
}

export function neighbourKey(address: Iterable<number>, mac: readonly number[]): string {
  return `${[...address].join('.')} ${macText(mac)}`;
}

export function forwardingKey(portIndex: number, mac: readonly number[]): string {
  return `${portIndex} ${macText(mac)}`;
}

/** Reads what there is of a network: its hubs, and its uplink in the host with its addresses and routes. Throws kernel_error. */
export async function seeNetwork(options: {
  host: Host;
  uplink: string;
  walls: Pick<Walls, 'stand'>;
  hubs: readonly { hub: Hub; expected: readonly string[] }[];
}): Promise<NetworkSeen> {
  const { host, walls, hubs } = options;
  const uplink = findLink(host, options.uplink);
  // An index that no link has: the dump of index 0 would be of all links.
  const linkIndex = uplink?.index ?? -1;
  const seen = new Map<string, HubSeen>();
  for (const { hub, expected } of hubs) seen.set(hub.name, await seeHub(hub, expected, walls));
  const addresses: InterfaceAddress[] = [];
  const routes: Route[] = [];
  for (const family of uplink === undefined ? [] : [AF_INET, AF_INET6]) {
    addresses.push(...(await listAddresses(host.socket, { linkIndex, family })));
    routes.push(...(await listRoutes(host.socket, { linkIndex, family })));
  }
  return { uplink, addresses, routes, hubs: seen };
}

/** `ip link show master`, `bridge fdb show br`, `ip neighbour show dev` of its bridge; other links are asked for by name. */
async function seeHub(hub: Hub, expected: readonly string[], walls: Pick<Walls, 'stand'>): Promise<HubSeen> {
  const { socket, bridgeIndex } = hub;
  const links = new Map<string, Link>();
  const ports = new Map<number, BridgePortSettings>();
  const note = (message: Buffer): void => {
    const link = parseLink(message);
    links.set(link.name, link);
    const port = parseBridgePort(message);
    if (port !== undefined) ports.set(link.index, port);
  };
  for (const message of await socket.dump(linkDump({ masterIndex: bridgeIndex }))) note(message);
  const names = [HUB_BRIDGE, HUB_UPLINK, ...expected].filter((name) => !links.has(name));
  for (const outcome of socket.transact(names.map(getLink))) {
    if (outcome.ok) for (const message of outcome.replies) note(message);
    else if (!isNotFound(outcome.error)) throw outcome.error;
  }
  const neighbours = (await listNeighbours(socket, bridgeIndex)).flatMap(({ state, address, mac }) =>
    (state & NUD_PERMANENT) !== 0 && address !== undefined && mac !== undefined
      ? [neighbourKey(address, [...mac])]
      : [],
  );
  const forwarding = (await listForwarding(socket, bridgeIndex)).flatMap(({ portIndex, state, mac }) =>
    (state & NUD_NOARP) !== 0 ? [forwardingKey(portIndex, [...mac])] : [],
  );
  return {
    mounted: hub.isMounted,
    walled: walls.stand(hub),
    links,
    ports,
    neighbours: new Set(neighbours),
    forwarding: new Set(forwarding),
  };
}
