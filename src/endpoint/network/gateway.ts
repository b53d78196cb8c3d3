import { ipv4Bytes } from '../../address/ipv4.js';
import { isExisting } from '../../kernel/errno.js';
import { addAddress, deleteAddress } from '../../kernel/rtnetlink/address.js';
import { addForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { addNeighbour, deleteNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import { addSubnetRoute } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import type { SocketRequest } from '../hub/socket-request.js';
import type { Subnet } from '../plan.js';

/** Where a gateway is: the uplink's end in the host, its MAC, and the hubs that answer for it. */
export interface GatewayPlace {
  readonly host: Host;
  readonly uplinkIndex: number;
  readonly mac: readonly number[];
  readonly hubs: readonly Hub[];
}

/**
 * Gives the uplink the gateway's address and the route to its subnet, and has each hub answer for it as it does for endpoints, so that
 * no question for it leaves the hub. What is there already stays. Throws kernel_error.
 */
export function addGateway({ host, uplinkIndex, mac, hubs }: GatewayPlace, subnet: Subnet): void {
  const { gateway, network, prefixLength, broadcast } = subnet;
  const address = ipv4Bytes(gateway);
  const requests = [
    addAddress({ linkIndex: uplinkIndex, address, prefixLength, broadcast: ipv4Bytes(broadcast) }),
    // The kernel adds the route beside a new address; beside one that is there already, it may have been removed.
    addSubnetRoute({ destination: ipv4Bytes(network), prefixLength, linkIndex: uplinkIndex, source: address }),
  ];
  for (const outcome of host.socket.transact(requests))
    if (!outcome.ok && !isExisting(outcome.error)) throw outcome.error;
  for (const { socket, bridgeIndex, uplinkIndex: portIndex } of hubs) {
    socket.request(addForwarding({ portIndex, mac }));
    socket.request(addNeighbour({ linkIndex: bridgeIndex, address, mac }));
  }
}

/** To be sent by the caller: the uplink loses the gateway's address, and the hubs forget it. */
export function removeGateway(
  { host, uplinkIndex, hubs }: GatewayPlace,
  { gateway, prefixLength }: Subnet,
): SocketRequest[] {
  const address = ipv4Bytes(gateway);
  return [
    { socket: host.socket, request: deleteAddress({ linkIndex: uplinkIndex, address, prefixLength }) },
    ...hubs.map(({ socket, bridgeIndex }) => ({
      socket,
      request: deleteNeighbour({ linkIndex: bridgeIndex, address }),
    })),
  ];
}
