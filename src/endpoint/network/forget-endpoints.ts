import { isNotFound } from '../../kernel/errno.js';
import { deleteForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { deleteNeighbour } from '../../kernel/rtnetlink/neighbour.js';
import type { Hub } from '../hub/hub.js';
import { type SocketRequest, transactAll } from '../hub/socket-request.js';
import { macText } from '../plan.js';

/** What hubs know an endpoint by. */
export interface KnownEndpoint {
  readonly address: readonly number[];
  readonly containerMac: readonly number[];
}

/**
 * Has hubs forget every endpoint but these: one may have gone with the daemon that knew of it. Forwarding entries go with the ports of
 * endpoints, but not in the root hub, whose `rootPorts` lead to hubs. Throws kernel_error.
 */
export async function forgetOtherEndpoints(options: {
  hubs: readonly Hub[];
  root: Hub | null;
  rootPorts: ReadonlySet<number>;
  kept: readonly KnownEndpoint[];
  gateways: readonly (readonly number[])[];
}): Promise<void> {
  const { hubs, root, kept, gateways } = options;
  const addresses = new Set([...kept.map(({ address }) => address), ...gateways].map((address) => address.join('.')));
  const requests: SocketRequest[] = [];
  for (const { socket, bridgeIndex: linkIndex, view } of hubs)
    for (const key of (await view.entries()).neighbours) {
      const address = key.slice(0, key.indexOf(' '));
      if (!addresses.has(address))
        requests.push({ socket, request: deleteNeighbour({ linkIndex, address: address.split('.').map(Number) }) });
    }
  if (root !== null) requests.push(...(await forgottenByRoot(root, options)));
  for (const outcome of transactAll(requests)) if (!outcome.ok && !isNotFound(outcome.error)) throw outcome.error;
}

async function forgottenByRoot(
  { socket, view }: Hub,
  { kept, rootPorts }: { kept: readonly KnownEndpoint[]; rootPorts: ReadonlySet<number> },
): Promise<SocketRequest[]> {
  const macs = new Set(kept.map(({ containerMac }) => macText(containerMac)));
  return [...(await view.entries()).forwarding].flatMap((key) => {
    const [portIndex, mac] = [Number.parseInt(key, 10), key.slice(key.indexOf(' ') + 1)];
    if (!rootPorts.has(portIndex) || macs.has(mac)) return [];
    const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
    return [{ socket, request: deleteForwarding({ portIndex, mac: bytes }) }];
  });
}

/** Has one link forget one neighbour, to be sent by the caller. */
export function forgetNeighbour(
  socket: SocketRequest['socket'],
  linkIndex: number,
  address: readonly number[],
): SocketRequest {
  return { socket, request: deleteNeighbour({ linkIndex, address }) };
}
