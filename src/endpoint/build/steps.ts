import type { Request } from '../../kernel/netlink/request.js';
import { addAddress } from '../../kernel/rtnetlink/address.js';
import { addForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { createVeth, setLink, setQuietPort, stopIpv6Addresses } from '../../kernel/rtnetlink/link.js';
import { addNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import { addDefaultRoute } from '../../kernel/rtnetlink/route.js';
import type { BridgePort } from '../network/network.js';
import { CONTAINER_INTERFACE, type EndpointPlan } from '../plan.js';

/** The steps of a build, in order; an error names the one that failed. */
export type BuildStep = 'namespace' | 'veth' | 'host link' | 'container link' | 'address' | 'route' | 'bridge port';

/** One request of a step. */
export interface Step {
  readonly step: BuildStep;
  readonly request: Request;
}

const LOOPBACK_INDEX = 1;

/** Makes the pair, with its peer inside the namespace behind `netnsFd`; its first reply describes the host's link. */
export function pairSteps(plan: EndpointPlan, netnsFd: number): Step[] {
  const { mtuBytes, hostName } = plan;
  const host = { name: hostName, mac: plan.hostMac, mtuBytes };
  const peer = { name: CONTAINER_INTERFACE, mac: plan.containerMac, mtuBytes };
  return [
    { step: 'veth', request: createVeth({ host, peer, peerNetnsFd: netnsFd }) },
    { step: 'host link', request: setLink({ name: hostName }, { alias: plan.alias }) },
    { step: 'host link', request: stopIpv6Addresses({ name: hostName }) },
  ];
}

/** Brings lo up, upon which the kernel gives it 127.0.0.1. */
export const LOOPBACK_STEP: Step = {
  step: 'container link',
  request: setLink({ index: LOOPBACK_INDEX }, { up: true }),
};

/** Makes eth0, which has a name and a MAC already, what its plan says. */
export function interfaceSteps(plan: EndpointPlan, linkIndex: number): Step[] {
  const { address, prefixLength, broadcast, gateway } = plan;
  const link = { index: linkIndex };
  return [
    { step: 'container link', request: stopIpv6Addresses(link) },
    { step: 'container link', request: setLink(link, { up: true }) },
    { step: 'address', request: addAddress({ linkIndex, address, prefixLength, broadcast }) },
    { step: 'route', request: addDefaultRoute({ gateway, linkIndex }) },
  ];
}

/**
 * Makes the host's link a port of its bridge, or only brings it up where there is no bridge. It joins last and comes up in
 * the same request, since each change of carrier while it is a port costs the kernel more (9 to 11 % of a build).
 */
export function portSteps({
  plan,
  port,
  hostIndex,
}: {
  plan: EndpointPlan;
  port: BridgePort | null;
  hostIndex: number;
}) {
  const requests = port === null ? [setLink({ index: hostIndex }, { up: true })] : portRequests(plan, port, hostIndex);
  return requests.map((request): Step => ({ step: 'bridge port', request }));
}

/**
 * The bridge knows its endpoints beforehand: it forwards and answers ARP for them by itself, and floods nothing. With a
 * thousand ports, one flooded ARP request costs milliseconds and overflows net.core.netdev_max_backlog.
 */
export function portRequests(plan: EndpointPlan, port: BridgePort, hostIndex: number): Request[] {
  const { address, containerMac: mac } = plan;
  const link = { index: hostIndex };
  return [
    setLink(link, { masterIndex: port.bridgeIndex, up: true }),
    setQuietPort(link),
    addForwarding({ portIndex: hostIndex, mac }),
    ...port.neighbourIndexes.map((linkIndex) => addNeighbour({ linkIndex, address, mac })),
  ];
}
