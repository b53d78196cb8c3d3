import type { Request } from '../../kernel/netlink/request.js';
import { addAddress } from '../../kernel/rtnetlink/address.js';
import { addForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { createVeth, setLink, setQuietPort, stopIpv6Addresses } from '../../kernel/rtnetlink/link.js';
import { addNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import { limitRate } from '../../kernel/rtnetlink/qdisc.js';
import { addDefaultRoute, addGatewayRoute } from '../../kernel/rtnetlink/route.js';
import type { SocketRequest } from '../hub/socket-request.js';
import type { HubPort } from '../network/network.js';
import { type EndpointPlan, type Ipv6Plan, LINK_LOCAL } from '../plan.js';

/** The steps of a build, in order; an error names the one that failed. */
export type BuildStep =
  | 'namespace'
  | 'veth'
  | 'host link'
  | 'container link'
  | 'address'
  | 'route'
  | 'sysctl'
  | 'bridge port';

/** One request of a step. */
export interface Step {
  readonly step: BuildStep;
  readonly request: Request;
}

/** The same with the socket that it goes to. */
export type SocketStep = Step & SocketRequest;

const LOOPBACK_INDEX = 1;

/** Makes the pair, with its peer inside the namespace behind `netnsFd`; its first reply describes the host's end. */
export function pairSteps(plan: EndpointPlan, netnsFd: number): Step[] {
  const { mtuBytes, hostName, interfaceName } = plan;
  const host = { name: hostName, mac: plan.hostMac, mtuBytes };
  const peer = { name: interfaceName, mac: plan.containerMac, mtuBytes };
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

/** Makes the container's interface, which has a name and a MAC already, what its plan says. */
export function interfaceSteps(plan: EndpointPlan, linkIndex: number): Step[] {
  const { address, prefixLength, broadcast, gateway, ipv6, routes } = plan;
  const link = { index: linkIndex };
  return [
    { step: 'container link', request: stopIpv6Addresses(link) },
    { step: 'container link', request: setLink(link, { up: true }) },
    { step: 'address', request: addAddress({ linkIndex, address, prefixLength, broadcast }) },
    { step: 'route', request: addDefaultRoute({ gateway, linkIndex }) },
    ...(ipv6 === null ? [] : ipv6Steps(ipv6, linkIndex)),
    ...routes.map((route) => ({ step: 'route', request: addGatewayRoute({ ...route, linkIndex }) }) as const),
    ...rateRequests(plan, linkIndex, plan.rateOutBits).map((request) => ({ step: 'container link', request }) as const),
  ];
}

/** What leaves a link of the endpoint's is limited: from the hub's end, what it receives; from its own, what it sends. */
function rateRequests({ mtuBytes }: EndpointPlan, linkIndex: number, bitsPerSecond: number | null): Request[] {
  return bitsPerSecond === null ? [] : [limitRate({ linkIndex, bitsPerSecond, mtuBytes })];
}

function ipv6Steps({ address, prefixLength, linkLocal, gateway }: Ipv6Plan, linkIndex: number): Step[] {
  return [
    { step: 'address', request: addAddress({ linkIndex, address, prefixLength }) },
    {
      step: 'address',
      request: addAddress({ linkIndex, address: linkLocal, prefixLength: LINK_LOCAL.prefixLength }),
    },
    { step: 'route', request: addDefaultRoute({ gateway, linkIndex }) },
  ];
}

/**
 * Makes the host's end a port of its hub's bridge, or only brings it up (`isPort`: false). It joins last and comes up in the same
 * request, since each change of carrier while it is a port costs the kernel more (9 to 11 % of a build).
 *
 * The bridge knows its endpoints beforehand, and so does that of the root hub: they forward and answer ARP for them by themselves,
 * and flood nothing. With a thousand ports, one flooded ARP request costs milliseconds and overflows
 * net.core.netdev_max_backlog.
 */
export function portSteps(options: {
  plan: EndpointPlan;
  port: HubPort;
  hostIndex: number;
  isPort?: boolean;
}): SocketStep[] {
  const { plan, port, hostIndex, isPort = true } = options;
  const { hub, root, walls } = port;
  const link = { index: hostIndex };
  const step = 'bridge port';
  if (!isPort) return [{ step, socket: hub.socket, request: setLink(link, { up: true }) }];
  const own: Request[] = [
    setLink(link, { masterIndex: hub.bridgeIndex, up: true }),
    setQuietPort(link, walls),
    ...entryRequests(plan, { portIndex: hostIndex, bridgeIndex: hub.bridgeIndex }),
  ];
  if (plan.rateInBits !== null) own.push(...rateRequests(plan, hostIndex, plan.rateInBits));
  const steps = own.map((request): SocketStep => ({ step, socket: hub.socket, request }));
  if (root === null) return steps;
  const above = entryRequests(plan, { portIndex: root.portIndex, bridgeIndex: root.hub.bridgeIndex });
  return [...steps, ...above.map((request): SocketStep => ({ step, socket: root.hub.socket, request }))];
}

function entryRequests(
  { address, containerMac: mac }: EndpointPlan,
  { portIndex, bridgeIndex }: { portIndex: number; bridgeIndex: number },
): Request[] {
  return [addForwarding({ portIndex, mac }), addNeighbour({ linkIndex: bridgeIndex, address, mac })];
}
