import { readAttributes, readU32 } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { filteredDump } from './filtered-dump.js';
import {
  AF_INET,
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
    operation: () => `add the default route via ${options.gateway.join('.')}`,
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
 * address, for when it was removed.
 */
export function addSubnetRoute(options: {
  destination: readonly number[];
  prefixLength: number;
  linkIndex: number;
  source: readonly number[];
}): Request {
  const { destination, prefixLength, linkIndex, source } = options;
  return {
    operation: () => `add the route to ${destination.join('.')}/${prefixLength} on link ${linkIndex}`,
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

interface Subnet {
  /** The first address, as an unsigned number. */
  readonly network: number;
  readonly prefixLength: number;
}

/** Which routes are listed. */
export interface RouteFilter {
  readonly linkIndex?: number;
  /** Unicast routes to these subnets or to a part of one: a host may have a million others. */
  readonly within?: readonly Subnet[];
}

/** For a dump of routes; each reply goes through `parseRoute`. */
export function routeDump({ linkIndex, within }: RouteFilter = {}): Request {
  return {
    operation: 'list routes',
    type: RTM.GETROUTE,
    flags: 0,
    ...(within !== undefined && { isWanted: (payload) => isWithin(payload, within) }),
    write(writer) {
      writer.bytes([AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      if (linkIndex !== undefined) writer.u32(RTA.OIF, linkIndex);
    },
  };
}

/** By the first bytes of the payload, where they suffice. */
function isWithin(payload: Buffer, subnets: readonly Subnet[]): boolean {
  const prefixLength = payload[1] ?? 0;
  if (payload[7] !== RTN_UNICAST || subnets.every((subnet) => prefixLength < subnet.prefixLength)) return false;
  const { destination } = parseRoute(payload);
  const network = destination.readUInt32BE(0);
  return subnets.some(
    (subnet) =>
      prefixLength >= subnet.prefixLength && network - (network % 2 ** (32 - subnet.prefixLength)) === subnet.network,
  );
}

/** `ip route get ADDRESS`, IPv4: the route that a packet to it would take. Fails with ENETUNREACH where there is none. */
export function findRoute(address: readonly number[]): Request {
  return {
    operation: () => `find the route to ${address.join('.')}`,
    type: RTM.GETROUTE,
    flags: 0,
    write(writer) {
      writer.bytes([AF_INET, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      writer.attribute(RTA.DST, address);
    },
  };
}

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

/** `ip -4 route show table all`, or some of them. Throws kernel_error. */
export async function listRoutes(socket: NetlinkSocket, filter: RouteFilter = {}): Promise<Route[]> {
  const { linkIndex } = filter;
  const routes = (await filteredDump(socket, routeDump(filter))).map(parseRoute);
  return linkIndex === undefined ? routes : routes.filter((route) => route.linkIndex === linkIndex);
}
