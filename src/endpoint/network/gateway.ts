import { ipv4Bytes } from '../../address/ipv4.js';
import { isExisting } from '../../kernel/errno.js';
import type { Request } from '../../kernel/netlink/request.js';
import { addAddress, deleteAddress } from '../../kernel/rtnetlink/address.js';
import { addForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { addNeighbour, deleteNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import { addSubnetRoute } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import type { SocketRequest } from '../hub/socket-request.js';
import { LINK_LOCAL, type Subnet, type Subnet6 } from '../plan.js';

/** Where a gateway is: the uplink's end in the host, its MAC, and the hubs that answer for it. */
export interface GatewayPlace {
  readonly host: Host;
  readonly uplinkIndex: number;
  readonly mac: readonly number[];
  readonly hubs: readonly Hub[];
}

/**
 * Gives the uplink the gateway's addresses and the routes to its subnets, and has each hub answer for it as it does for endpoints, so that
 * no question for it leaves the hub. (Of IPv6, questions reach it: see `hubRules`.) What is there already stays. Throws kernel_error.
 */
export function addGateway({ host, uplinkIndex, mac, hubs }: GatewayPlace, subnet: Subnet): void {
  const { gateway, network, prefixLength, broadcast, ipv6 } = subnet;
  const address = ipv4Bytes(gateway);
  const requests = [
    addAddress({ linkIndex: uplinkIndex, address, prefixLength, broadcast: ipv4Bytes(broadcast) }),
    // The kernel adds the route beside a new address; beside one that is there already, it may have been removed.
    addSubnetRoute({ destination: ipv4Bytes(network), prefixLength, linkIndex: uplinkIndex, source: address }),
    ...(ipv6 === null ? [] : [ipv6, LINK_LOCAL].flatMap((one) => ipv6Requests(uplinkIndex, one))),
  ];
  for (const outcome of host.socket.transact(requests))
    if (!outcome.ok && !isExisting(outcome.error)) throw outcome.error;
  for (const hub of hubs) {
    hub.socket.request(addForwarding({ portIndex: hub.uplinkIndex, mac }));
    hub.socket.request(addNeighbour({ linkIndex: hub.bridgeIndex, address, mac }));
  }
}

function ipv6Requests(linkIndex: number, { gateway, network, prefixLength }: Subnet6): Request[] {
  return [
    addAddress({ linkIndex, address: gateway, prefixLength }),
    addSubnetRoute({ destination: network, prefixLength, linkIndex }),
  ];
}

/** To be sent by the caller: the uplink loses the gateway's addresses, and the hubs forget it, but for what the `kept` subnets need. */
export function removeGateway(
  { host, uplinkIndex: linkIndex, hubs }: GatewayPlace,
  { subnet, kept }: { subnet: Subnet; kept: readonly Subnet[] },
): SocketRequest[] {
  const { gateway, prefixLength, ipv6 } = subnet;
  const address = ipv4Bytes(gateway);
  const isKept = kept.some((other) => other.gateway === gateway && other.prefixLength === prefixLength);
  const isKept6 = kept.some((other) => String(other.ipv6?.gateway) === String(ipv6?.gateway));
  return [
    ...(isKept
      ? []
      : [
          { socket: host.socket, request: deleteAddress({ linkIndex, address, prefixLength }) },
          ...hubs.map(({ socket, bridgeIndex }) => ({
            socket,
            request: deleteNeighbour({ linkIndex: bridgeIndex, address }),
          })),
        ]),
    ...(ipv6 === null || isKept6
      ? []
      : [
          {
            socket: host.socket,
            request: deleteAddress({ linkIndex, address: ipv6.gateway, prefixLength: ipv6.prefixLength }),
          },
        ]),
  ];
}
