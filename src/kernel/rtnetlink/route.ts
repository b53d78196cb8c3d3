import { readAttributes, readU32 } from '../netlink/message-reader.js';
import type { NetlinkSocket, Request } from '../netlink/netlink-socket.js';
import {
  AF_INET,
  NLM_F,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA,
  RTM,
  RTN_UNICAST,
  RTPROT_BOOT,
  RTPROT_KERNEL,
} from './messages.js';

export interface Route {
  /** Four bytes, zeros for a default route. */
  readonly destination: Buffer;
  readonly prefixLength: number;
  readonly gateway: Buffer | undefined;
  readonly linkIndex: number | undefined;
  readonly table: number;
  /** RTN_…: 1 is unicast. */
  readonly type: number;
}

/** `ip route add default via GATEWAY dev INDEX`, IPv4. */
export function addDefaultRoute(options: { gateway: readonly number[]; linkIndex: number }): Request {
  return {
    operation: `add the default route via ${options.gateway.join('.')}`,
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
      writer.bytes([AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0, 0, 0, 0]);
      writer.attribute(RTA.GATEWAY, options.gateway);
      writer.u32(RTA.OIF, options.linkIndex);
    },
  };
}

/**
 * `ip route add NETWORK/PREFIX dev INDEX proto kernel scope link src SOURCE`: what the kernel adds by itself beside an
 * address, for when somebody has taken it away.
 */
export function addSubnetRoute(options: {
  destination: readonly number[];
  prefixLength: number;
  linkIndex: number;
  source: readonly number[];
}): Request {
  const { destination, prefixLength, linkIndex, source } = options;
  return {
    operation: `add the route to ${destination.join('.')}/${prefixLength} on link ${linkIndex}`,
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      const scope = [RT_TABLE_MAIN, RTPROT_KERNEL, RT_SCOPE_LINK, RTN_UNICAST];
      writer.bytes([AF_INET, prefixLength, 0, 0, ...scope, 0, 0, 0, 0]);
      writer.attribute(RTA.DST, destination);
      writer.attribute(RTA.PREFSRC, source);
      writer.u32(RTA.OIF, linkIndex);
    },
  };
}

/** For a dump; each reply goes through `parseRoute`. */
export const LIST_ROUTES: Request = {
  operation: 'list routes',
  type: RTM.GETROUTE,
  flags: 0,
  write: (writer) => writer.bytes([AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
};

/** The payload of an RTM_NEWROUTE message. */
export function parseRoute(payload: Buffer): Route {
  const attributes = readAttributes(payload.subarray(12));
  return {
    destination: attributes.get(RTA.DST) ?? Buffer.alloc(4),
    prefixLength: payload.readUInt8(1),
    gateway: attributes.get(RTA.GATEWAY),
    linkIndex: readU32(attributes.get(RTA.OIF)),
    table: readU32(attributes.get(RTA.TABLE)) ?? payload.readUInt8(4),
    type: payload.readUInt8(7),
  };
}

/** `ip -4 route show table all`. */
export async function listRoutes(socket: NetlinkSocket): Promise<Route[]> {
  return (await socket.dump(LIST_ROUTES)).map(parseRoute);
}
