import { closeSync, openSync, writeSync } from 'node:fs';
import { isNotFound } from '../../../kernel/errno.js';
import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { View } from './item.js';

const RTM_GETROUTE = 26;
const RTM_GETNEIGH = 30;
const RTM_DELNEIGH = 29;
const RTMSG_BYTES = 12;
const NDMSG_BYTES = 12;
const NDA_DST = 1;
const NUD_PERMANENT = 0x80;
const TCP_METRICS_DEL = 2;
/** rtm_flags of struct rtmsg, rtnetlink(7): the route is an exception, and where these flags stand. */
const RTM_F_CLONED = 0x200;
const RTMSG_FLAGS_AT = 8;
/** By address family, the file that empties its exceptions: Documentation/networking/ip-sysctl.rst. */
const FLUSH_FILES = new Map([
  [2, '/proc/sys/net/ipv4/route/flush'],
  [10, '/proc/sys/net/ipv6/route/flush'],
]);

/**
 * Empties what ordinary traffic leaves in the namespace in which the thread stands: neighbours that were learnt, exceptions
 * to routes (PMTU, redirects) and TCP metrics. What was set by hand stays, to be found. Returns how many sysctls
 * it wrote to.
 */
export function emptyCaches(view: View): number {
  forgetNeighbours(view);
  forgetMetrics(view);
  let writes = 0;
  for (const [family, path] of FLUSH_FILES) {
    if (!hasExceptions(view, family)) continue;
    const fd = openSync(path, 'w');
    writeSync(fd, '1\n');
    closeSync(fd);
    writes += 1;
  }
  return writes;
}

/** To ask costs a quarter of what opening the file does, and few containers leave any. */
function hasExceptions({ socket }: View, family: number): boolean {
  const header = new Uint8Array(RTMSG_BYTES);
  header[0] = family;
  const list = { operation: 'list routes', type: RTM_GETROUTE, flags: 0 };
  const routes = socket(NETLINK_PROTOCOL.route).dumpNow({ ...list, write: (writer) => writer.bytes(header) });
  return routes.some((payload) => (payload.readUInt32LE(RTMSG_FLAGS_AT) & RTM_F_CLONED) !== 0);
}

function forgetNeighbours({ socket }: View): void {
  const route = socket(NETLINK_PROTOCOL.route);
  const header = new Uint8Array(NDMSG_BYTES);
  const list = { operation: 'list neighbours', type: RTM_GETNEIGH, flags: 0 };
  for (const payload of route.dumpNow({ ...list, write: (writer) => writer.bytes(header) })) {
    if ((payload.readUInt16LE(8) & NUD_PERMANENT) !== 0) continue;
    const length = payload.readUInt16LE(NDMSG_BYTES);
    if (payload.readUInt16LE(NDMSG_BYTES + 2) !== NDA_DST) continue;
    const request = {
      operation: 'forget a neighbour',
      type: RTM_DELNEIGH,
      flags: 0,
      write(writer: Parameters<Parameters<typeof route.request>[0]['write']>[0]) {
        writer.bytes(payload.subarray(0, 8));
        writer.bytes(new Uint8Array(4));
        writer.attribute(NDA_DST, payload.subarray(NDMSG_BYTES + 4, NDMSG_BYTES + length));
      },
    };
    try {
      route.request(request);
    } catch (error) {
      // Its time was over meanwhile.
      if (!isNotFound(error)) throw error;
    }
  }
}

/** `ip tcp_metrics flush all` */
function forgetMetrics({ socket, families }: View): void {
  const type = families.get('tcp_metrics');
  if (type === undefined) return;
  socket(NETLINK_PROTOCOL.generic).request({
    operation: 'forget TCP metrics',
    type,
    flags: 0,
    write: (writer) => writer.bytes([TCP_METRICS_DEL, 1, 0, 0]),
  });
}
