import { isNotFound } from '../../kernel/errno.js';
import { deleteForwarding, listForwarding } from '../../kernel/rtnetlink/forwarding.js';
import { NUD_NOARP, NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { deleteNeighbour, listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import type { Hub } from '../hub/hub.js';
import { type SocketRequest, transactAll } from '../hub/socket-request.js';

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
  const addresses = new Set([...kept.map(({ address }) => address), ...gateways].map(String));
  const requests: SocketRequest[] = [];
  for (const { socket, bridgeIndex: linkIndex } of hubs)
    for (const { state, address } of await listNeighbours(socket, linkIndex))
      if ((state & NUD_PERMANENT) !== 0 && address !== undefined && !addresses.has(String([...address])))
        requests.push({ socket, request: deleteNeighbour({ linkIndex, address: [...address] }) });
  if (root !== null) requests.push(...(await forgottenByRoot(root, options)));
  for (const outcome of transactAll(requests)) if (!outcome.ok && !isNotFound(outcome.error)) throw outcome.error;
}

async function forgottenByRoot(
  { socket, bridgeIndex }: Hub,
  { kept, rootPorts }: { kept: readonly KnownEndpoint[]; rootPorts: ReadonlySet<number> },
): Promise<SocketRequest[]> {
  const macs = new Set(kept.map(({ containerMac }) => String(containerMac)));
  return (await listForwarding(socket, bridgeIndex)).flatMap(({ portIndex, state, mac }) => {
    if ((state & NUD_NOARP) === 0 || !rootPorts.has(portIndex) || macs.has(String([...mac]))) return [];
    return [{ socket, request: deleteForwarding({ portIndex, mac: [...mac] }) }];
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
