import { ipv4Bytes } from '../../address/ipv4.js';
import type { Link } from '../../kernel/rtnetlink/link.js';
import { RT_TABLE_MAIN } from '../../kernel/rtnetlink/messages.js';
import { bridgeMac, bridgeName, type EndpointPlan, macText, pairNames, type Subnet, subnetOf } from '../plan.js';
import type { NetworkSettings, Site } from '../types.js';
import type { BridgePort } from './network.js';
import { forwardingKey, type NetworkSeen, neighbourKey } from './network-seen.js';

/** Something that netnsd set up at the host and that was changed. */
export interface NetworkFault {
  /** The bridge or the endpoint's link. */
  readonly link: string;
  /** Whose link it is; null for a bridge. */
  readonly endpoint: string | null;
  /** To follow the link's name: `is down`. */
  readonly problem: string;
}

/** An endpoint that is ready or leased, and the port that it holds. */
export interface ExpectedPort {
  readonly plan: EndpointPlan;
  readonly port: BridgePort;
}

interface Expected {
  readonly site: Site;
  readonly settings: NetworkSettings;
  /** Index of each bridge by its place, as it was made. */
  readonly places: readonly number[];
  readonly ports: readonly ExpectedPort[];
}

const NO_PORT = 'is a port of no bridge';
const NO_NEIGHBOUR = 'has lost its neighbour entry';
/** What becomes of ports when something is done to a bridge. */
export const FOLLOWING: readonly string[] = [NO_PORT, NO_NEIGHBOUR];

/**
 * Compares a pool's network with what was made of it; pure. The cases are in docs/reconcile.md, a row a problem. An
 * endpoint whose link is not there at all is not repaired here.
 */
export function findNetworkFaults(seen: NetworkSeen, expected: Expected): NetworkFault[] {
  const { site, settings, places } = expected;
  const subnet = subnetOf(settings.subnet);
  const faults = places.flatMap((index, place): NetworkFault[] => {
    const link = bridgeName(site, settings.name, place);
    const problem = bridgeProblem(seen, { name: link, index, place, places, subnet });
    return problem === undefined ? [] : [{ link, endpoint: null, problem }];
  });
  for (const { plan, port } of expected.ports) {
    const link = seen.links.get(plan.hostName);
    const problem = link && portProblem(seen, link, { plan, port });
    if (problem !== undefined) faults.push({ link: plan.hostName, endpoint: plan.name.id, problem });
  }
  return faults;
}

function bridgeProblem(
  seen: NetworkSeen,
  bridge: { name: string; index: number; place: number; places: readonly number[]; subnet: Subnet },
): string | undefined {
  const { name, index, place, places, subnet } = bridge;
  const link = seen.links.get(name);
  if (link === undefined) return 'is gone';
  if (link.kind !== 'bridge') return 'is there and no bridge: remove it, "ip link delete" does';
  if (link.index !== index) return 'is another bridge by now';
  if (!link.up) return 'is down';
  if (link.mac !== macText(bridgeMac(name))) return 'has another MAC';
  return place === 0 ? gatewayProblem(seen, index, subnet) : pairProblem(seen, { name, index, first: places[0] });
}

function gatewayProblem(seen: NetworkSeen, index: number, subnet: Subnet): string | undefined {
  const gateway = Buffer.from(ipv4Bytes(subnet.gateway));
  const network = Buffer.from(ipv4Bytes(subnet.network));
  const { prefixLength } = subnet;
  const own = seen.addresses.filter(({ linkIndex }) => linkIndex === index);
  if (!own.some((one) => one.address.equals(gateway) && one.prefixLength === prefixLength))
    return "has lost the gateway's address";
  const routed = seen.routes.some(
    (route) =>
      route.linkIndex === index &&
      route.table === RT_TABLE_MAIN &&
      route.prefixLength === prefixLength &&
      route.destination.equals(network),
  );
  return routed ? undefined : 'has lost the route to its subnet';
}

/** The pair that links a further bridge of a group to the first one. */
function pairProblem(
  seen: NetworkSeen,
  { name, index, first }: { name: string; index: number; first: number | undefined },
): string | undefined {
  const joined = (end: string, master: number | undefined): boolean => {
    const link = seen.links.get(end);
    return link?.up === true && link.masterIndex === master;
  };
  const [own, other] = pairNames(name);
  return joined(own, index) && joined(other, first) ? undefined : 'is not linked to the first bridge of its pool';
}

function portProblem(seen: NetworkSeen, link: Link, { plan, port }: ExpectedPort): string | undefined {
  if (link.masterIndex === undefined) return NO_PORT;
  if (link.masterIndex !== port.bridgeIndex) return 'is a port of another bridge';
  if (!link.up) return 'is down';
  const settings = seen.ports.get(link.index);
  if (settings?.learning !== false || !settings.proxyArp || !settings.proxyArpWifi)
    return 'has other settings as a port';
  const { address, containerMac } = plan;
  if (!seen.forwarding.has(forwardingKey(link.index, containerMac))) return 'has lost its forwarding entry';
  const known = port.neighbourIndexes.every((bridge) =>
    seen.neighbours.has(neighbourKey(bridge, address, containerMac)),
  );
  return known ? undefined : NO_NEIGHBOUR;
}
