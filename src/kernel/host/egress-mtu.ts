import { isNotFound, isUnreachable } from '../errno.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { getLink, parseLink } from '../rtnetlink/link.js';
import { findRoute, parseRoute } from '../rtnetlink/route.js';

/** What stands for everywhere: an address for documentation (TEST-NET-2 of RFC 5737). */
export const ELSEWHERE = [198, 51, 100, 1];
/** The least and the most that an endpoint's interface takes: IPv4's minimum, and that of a veth. */
const LEAST_BYTES = 68;
const MOST_BYTES = 65_535;

/** The MTU of the route by which this host's packets go out, or of its link; null where there is no such route. Throws kernel_error. */
export function egressMtu(socket: NetlinkSocket): number | null {
  const [found] = socket.transact([findRoute(ELSEWHERE)]);
  if (found?.ok === false && !isUnreachable(found.error)) throw found.error;
  const message = found?.ok ? found.replies[0] : undefined;
  if (message === undefined) return null;
  const { linkIndex, mtuBytes } = parseRoute(message);
  const bytes = mtuBytes ?? (linkIndex === undefined ? null : linkMtu(socket, linkIndex));
  return bytes === null ? null : Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes));
}

function linkMtu(socket: NetlinkSocket, index: number): number | null {
  const [found] = socket.transact([getLink({ index })]);
  if (found?.ok === false && !isNotFound(found.error)) throw found.error;
  return found?.ok && found.replies[0] !== undefined ? parseLink(found.replies[0]).mtuBytes : null;
}
