import { ipv4Bytes } from '../../address/ipv4.js';
import { isQuietPort, type Link, type PortWalls } from '../../kernel/rtnetlink/link.js';
import { RT_TABLE_MAIN } from '../../kernel/rtnetlink/messages.js';
import { HUB_BRIDGE, HUB_UPLINK } from '../hub/hub-names.js';
import { forwardingKey, neighbourKey } from '../hub/hub-view.js';
import { isPair } from '../hub/uplink.js';
import { type EndpointPlan, gatewayMac, LINK_LOCAL, macText, type Subnet } from '../plan.js';
import type { HubSeen, NetworkSeen } from './network-seen.js';

/** Something that netnsd set up and that was changed. */
export interface NetworkFault {
  /** The uplink in the host, a hub as `hub:NAME`, or an endpoint's link in its hub. */
  readonly link: string;
  /** Whose link it is; null for a hub or an uplink. */
  readonly endpoint: string | null;
  /** To follow the link's name: `is down`. */
  readonly problem: string;
}

/** A hub as it was made. */
export interface ExpectedHub {
  readonly name: string;
  readonly bridgeIndex: number;
  /** Name of the other end of its uplink: in the root hub, or in the host. */
  readonly end: string;
}

/** An endpoint that is ready or leased, and where its link is. */
export interface ExpectedPort {
  readonly plan: EndpointPlan;
  /** Null: nothing has changed there, and only the root hub is looked at. */
  readonly hub: ExpectedHub | null;
  /** The root hub, and its port to that hub; null where there is none. */
  readonly root: { readonly hub: ExpectedHub; readonly portIndex: number } | null;
}

export interface ExpectedNetwork {
  /** That of the pool, and those of endpoints that were built with another one. */
  readonly subnets: readonly Subnet[];
  readonly uplink: string;
  readonly root: ExpectedHub | null;
  readonly hubs: readonly ExpectedHub[];
  readonly ports: readonly ExpectedPort[];
  /** What ports of endpoints let pass, and ports of the root hub. */
  readonly walls: { readonly endpoint: PortWalls; readonly hub: PortWalls };
}

/** The gateways' addresses, by their subnets, and their MAC. */
interface Gateway {
  readonly subnets: readonly Subnet[];
  readonly mac: readonly number[];
}

const NO_PORT = 'is a port of no bridge';
const NO_FORWARDING = 'has lost its forwarding entry';
const NO_NEIGHBOUR = 'has lost its neighbour entry';
const NO_UPLINK = 'has lost its uplink';
const NO_GATEWAY = "has lost the gateway's entries";
/** What becomes of ports when something is done to a hub, and of hubs when something is done to the uplink. */
const FOLLOWING: readonly string[] = [NO_PORT, NO_FORWARDING, NO_NEIGHBOUR];

/**
 * Compares what was looked at of a pool's network with what was made of it; pure. The cases are in docs/reconcile.md, a row a problem. An
 * endpoint whose link is not there at all is not repaired here.
 */
export function findNetworkFaults(seen: NetworkSeen, expected: ExpectedNetwork): NetworkFault[] {
  const { uplink, root, hubs, ports, subnets, walls } = expected;
  const gateway = { subnets, mac: gatewayMac(uplink) };
  const faults: NetworkFault[] = [];
  const add = (link: string, endpoint: string | null, problem: string | undefined): void => {
    if (problem !== undefined) faults.push({ link, endpoint, problem });
  };
  add(uplink, null, uplinkProblem(seen, gateway));
  for (const hub of root === null ? hubs : [root, ...hubs]) {
    const upper = hub === root || root === null ? seen.uplink : seen.hubs.get(root.name)?.links.get(hub.end);
    const own = seen.hubs.get(hub.name);
    if (own !== undefined) add(`hub:${hub.name}`, null, hubProblem(own, { hub, upper, gateway }));
    if (root !== null && hub !== root)
      add(`hub:${hub.name}`, null, rootPortProblem(seen, { root, upper, walls: walls.hub }));
  }
  for (const port of ports) {
    const { hostName, name } = port.plan;
    const hub = port.hub === null ? undefined : seen.hubs.get(port.hub.name);
    const link = hub?.links.get(hostName);
    if (port.hub === null) add(hostName, name.id, rootProblem(seen, port));
    else if (hub !== undefined && link !== undefined)
      add(hostName, name.id, portProblem(hub, link, port, walls.endpoint) ?? rootProblem(seen, port));
  }
  return faults;
}

/** Without what may only follow from what was done to a hub, which takes ports and entries along. */
export function withoutFollowing(faults: readonly NetworkFault[]): NetworkFault[] {
  const isUplinkGone = faults.some(({ link, problem }) => !link.startsWith('hub:') && problem === 'is gone');
  const own = faults.filter(
    ({ endpoint, problem }) => endpoint !== null || !isUplinkGone || ![NO_UPLINK, NO_GATEWAY].includes(problem),
  );
  if (own.every(({ endpoint }) => endpoint !== null)) return own;
  return own.filter(({ endpoint, problem }) => endpoint === null || !FOLLOWING.includes(problem));
}

/** The end of the uplink in the host. */
function uplinkProblem({ uplink, addresses, routes }: NetworkSeen, { subnets, mac }: Gateway): string | undefined {
  if (uplink === undefined) return 'is gone';
  if (uplink.kind !== 'veth') return 'is there and no uplink: remove it, "ip link delete" does';
  if (!uplink.up) return 'is down';
  if (uplink.mac !== macText(mac)) return 'has another MAC';
  const expected = subnets.flatMap(rangesOf);
  const addressed = ({ gateway, prefixLength }: Range): boolean =>
    addresses.some((one) => one.address.equals(gateway) && one.prefixLength === prefixLength);
  if (!expected.every(addressed)) return "has lost the gateway's address";
  const routed = ({ network, prefixLength }: Range): boolean =>
    routes.some(
      (route) =>
        route.table === RT_TABLE_MAIN && route.prefixLength === prefixLength && route.destination.equals(network),
    );
  return expected.every(routed) ? undefined : 'has lost the route to its subnet';
}

/** The part of the uplink in one subnet: its address and its route. */
interface Range {
  readonly gateway: Buffer;
  readonly network: Buffer;
  readonly prefixLength: number;
}

function rangesOf({ gateway, network, prefixLength, ipv6 }: Subnet): Range[] {
  const ipv4 = { gateway: ipv4Bytes(gateway), network: ipv4Bytes(network), prefixLength };
  return [ipv4, ...(ipv6 === null ? [] : [ipv6, LINK_LOCAL])].map((one) => ({
    gateway: Buffer.from(one.gateway),
    network: Buffer.from(one.network),
    prefixLength: one.prefixLength,
  }));
}

function hubProblem(
  seen: HubSeen,
  { hub, upper, gateway }: { hub: ExpectedHub; upper: Link | undefined; gateway: Gateway },
): string | undefined {
  if (!seen.mounted) return 'is not mounted in the vault';
  const bridge = seen.links.get(HUB_BRIDGE);
  if (bridge === undefined) return 'has lost its bridge';
  if (bridge.kind !== 'bridge') return 'has a link "bridge" that is none: remove it, "ip link delete" does';
  if (bridge.index !== hub.bridgeIndex) return 'has another bridge by now';
  if (!bridge.up) return 'has its bridge down';
  if (!seen.walled) return 'has other rules than netnsd gave it';
  if (seen.filtersFrames) return 'has its frames filtered as packets';
  const uplink = seen.links.get(HUB_UPLINK);
  if (uplink === undefined || !isPair(uplink, upper) || !uplink.up || uplink.masterIndex !== bridge.index)
    return NO_UPLINK;
  const { subnets, mac } = gateway;
  const known =
    seen.forwarding.has(forwardingKey(uplink.index, mac)) &&
    subnets.every((subnet) => seen.neighbours.has(neighbourKey(ipv4Bytes(subnet.gateway), mac)));
  return known ? undefined : NO_GATEWAY;
}

/** The root hub's port to another hub. */
function rootPortProblem(
  seen: NetworkSeen,
  { root, upper, walls }: { root: ExpectedHub; upper: Link | undefined; walls: PortWalls },
): string | undefined {
  const hub = seen.hubs.get(root.name);
  if (hub === undefined || upper === undefined) return undefined;
  const isJoined = upper.up && upper.masterIndex === root.bridgeIndex && isQuietPort(hub.ports.get(upper.index), walls);
  return isJoined ? undefined : 'is no port of the root hub as it was made';
}

function portProblem(seen: HubSeen, link: Link, { plan, hub }: ExpectedPort, walls: PortWalls): string | undefined {
  if (link.masterIndex === undefined) return NO_PORT;
  if (link.masterIndex !== hub?.bridgeIndex) return 'is a port of another bridge';
  if (!link.up) return 'is down';
  if (!isQuietPort(seen.ports.get(link.index), walls)) return 'has other settings as a port';
  if (plan.rateInBits !== null && link.qdisc !== 'tbf') return 'has lost its rate limit';
  return entryProblem(seen, link.index, plan);
}

function rootProblem(seen: NetworkSeen, { plan, root }: ExpectedPort): string | undefined {
  const hub = root === null ? undefined : seen.hubs.get(root.hub.name);
  return root === null || hub === undefined ? undefined : entryProblem(hub, root.portIndex, plan);
}

function entryProblem(seen: HubSeen, portIndex: number, { address, containerMac }: EndpointPlan): string | undefined {
  if (!seen.forwarding.has(forwardingKey(portIndex, containerMac))) return NO_FORWARDING;
  return seen.neighbours.has(neighbourKey(address, containerMac)) ? undefined : NO_NEIGHBOUR;
}
