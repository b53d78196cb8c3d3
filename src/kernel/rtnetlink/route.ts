import { type AddressRange, rangesOverlap } from '../../address/range.js';
import { readAttributes, readU32 } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { addressText } from './address-text.js';
import { filteredDump } from './filtered-dump.js';
import {
  AF_INET,
  AF_INET6,
  familyOf,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA,
  RTAX_MTU,
  RTM,
  RTN_UNICAST,
  RTPROT_BOOT,
  RTPROT_KERNEL,
} from './messages.js';

export interface Route {
  /** 4 or 16 bytes, zeros for a default route. */
  readonly destination: Buffer;
  readonly prefixLength: number;
  readonly gateway: Buffer | undefined;
  readonly linkIndex: number | undefined;
  /** That of the route itself; undefined: its link's. */
  readonly mtuBytes?: number | undefined;
  readonly table: number;
  /** RTN_…: 1 is unicast. */
  readonly type: number;
}

/** What the kernel gives the route beside an IPv6 address (IP6_RT_PRIO_ADDRCONF). */
const PREFIX_ROUTE_METRIC = 256;
const ADDRESS_BYTES = new Map([
  [AF_INET, 4],
  [AF_INET6, 16],
]);

/** `ip route add default via GATEWAY dev INDEX`. */
export function addDefaultRoute(options: { gateway: readonly number[]; linkIndex: number }): Request {
  return addGatewayRoute({ ...options, network: [], prefixLength: 0 });
}

/** `ip route add NETWORK/PREFIX via GATEWAY dev INDEX`. */
export function addGatewayRoute(options: AddressRange & { gateway: readonly number[]; linkIndex: number }): Request {
  const { network, prefixLength, gateway, linkIndex } = options;
  const destination = (): string =>
    prefixLength === 0 ? 'the default route' : `the route to ${addressText(network)}/${prefixLength}`;
  return {
    operation: () => `add ${destination()} via ${addressText(gateway)}`,
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
      const scope = [RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST];
      writer.bytes([familyOf(gateway), prefixLength, 0, 0, ...scope, 0, 0, 0, 0]);
      if (prefixLength > 0) writer.attribute(RTA.DST, network);
      writer.attribute(RTA.GATEWAY, gateway);
      writer.u32(RTA.OIF, linkIndex);
    },
  };
}

/**
 * `ip route add NETWORK/PREFIX dev INDEX proto kernel scope link src SOURCE`, of IPv6 `… metric 256` and without source: what the
 * kernel adds by itself beside an address, for when it was removed.
 */
export function addSubnetRoute(options: {
  destination: readonly number[];
  prefixLength: number;
  linkIndex: number;
  /** IPv4 only. */
  source?: readonly number[];
}): Request {
  const { destination, prefixLength, linkIndex, source } = options;
  return {
    operation: () => `add the route to ${addressText(destination)}/${prefixLength} on link ${linkIndex}`,
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      const family = familyOf(destination);
      const scope = family === AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
      writer.bytes([family, prefixLength, 0, 0, RT_TABLE_MAIN, RTPROT_KERNEL, scope, RTN_UNICAST, 0, 0, 0, 0]);
      writer.attribute(RTA.DST, destination);
      if (source !== undefined) writer.attribute(RTA.PREFSRC, source);
      else writer.u32(RTA.PRIORITY, PREFIX_ROUTE_METRIC);
      writer.u32(RTA.OIF, linkIndex);
    },
  };
}

/** Which routes are listed. */
export interface RouteFilter {
  readonly linkIndex?: number;
  /** IPv4 unless another is asked for. */
  readonly family?: number;
  /** Unicast routes to these subnets, all of the family, or to a part of one: a host may have a million others. */
  readonly within?: readonly AddressRange[];
}

/** For a dump of routes; each reply goes through `parseRoute`. */
export function routeDump({ linkIndex, within, family = AF_INET }: RouteFilter = {}): Request {
  return {
    operation: 'list routes',
    type: RTM.GETROUTE,
    flags: 0,
    ...(within !== undefined && { isWanted: (payload) => isWithin(payload, within) }),
    write(writer) {
      writer.bytes([family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      if (linkIndex !== undefined) writer.u32(RTA.OIF, linkIndex);
    },
  };
}

/** By the first bytes of the payload, where they suffice. */
function isWithin(payload: Buffer, subnets: readonly AddressRange[]): boolean {
  const prefixLength = payload[1] ?? 0;
  if (payload[7] !== RTN_UNICAST || subnets.every((subnet) => prefixLength < subnet.prefixLength)) return false;
  const destination = { network: [...parseRoute(payload).destination], prefixLength };
  return subnets.some((subnet) => prefixLength >= subnet.prefixLength && rangesOverlap(subnet, destination));
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
  const metrics = attributes.get(RTA.METRICS);
  return {
    destination: attributes.get(RTA.DST) ?? Buffer.alloc(ADDRESS_BYTES.get(payload.readUInt8(0)) ?? 0),
    prefixLength: payload.readUInt8(1),
    gateway: attributes.get(RTA.GATEWAY),
    linkIndex: readU32(attributes.get(RTA.OIF)),
    mtuBytes: metrics && readU32(readAttributes(metrics).get(RTAX_MTU)),
    table: readU32(attributes.get(RTA.TABLE)) ?? payload.readUInt8(4),
    type: payload.readUInt8(7),
  };
}

/** `ip route show table all` of one family, or some of them. Throws kernel_error. */
export async function listRoutes(socket: NetlinkSocket, filter: RouteFilter = {}): Promise<Route[]> {
  const { linkIndex } = filter;
  const routes = (await filteredDump(socket, routeDump(filter))).map(parseRoute);
  return linkIndex === undefined ? routes : routes.filter((route) => route.linkIndex === linkIndex);
}
