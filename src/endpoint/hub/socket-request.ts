import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { Outcome, Request } from '../../kernel/netlink/request.js';

/** A request, and the socket of the namespace that it is meant for. */
export interface SocketRequest {
  readonly socket: NetlinkSocket;
  readonly request: Request;
}

/**
 * Sends all, those of one socket in one go and in their order, and settles each; see `NetlinkSocket.transact`. Sockets follow each
 * other in the order in which they first appear.
 */
export function transactAll(requests: readonly SocketRequest[]): Outcome[] {
  const positions = new Map<NetlinkSocket, number[]>();
  for (const [position, { socket }] of requests.entries()) {
    const own = positions.get(socket);
    if (own === undefined) positions.set(socket, [position]);
    else own.push(position);
  }
  const outcomes: Outcome[] = [];
  for (const [socket, own] of positions) {
    const settled = socket.transact(own.map((position) => (requests[position] as SocketRequest).request));
    for (const [at, position] of own.entries()) outcomes[position] = settled[at] as Outcome;
  }
  return outcomes;
}
