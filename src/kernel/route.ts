import { readAttributes, readU32 } from './message-reader.js';
import type { NetlinkSocket, Request } from './netlink-socket.js';
import { AF_INET, NLM_F, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTA, RTM, RTN_UNICAST, RTPROT_BOOT } from './rtnetlink.js';

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

/** `ip -4 route show table all`. */
export async function listRoutes(socket: NetlinkSocket): Promise<Route[]> {
  const request: Request = {
    operation: 'list routes',
    type: RTM.GETROUTE,
    flags: 0,
    write: (writer) => writer.bytes([AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  };
  return (await socket.dump(request)).map((payload) => {
    const attributes = readAttributes(payload.subarray(12));
    return {
      destination: attributes.get(RTA.DST) ?? Buffer.alloc(4),
      prefixLength: payload.readUInt8(1),
      gateway: attributes.get(RTA.GATEWAY),
      linkIndex: readU32(attributes.get(RTA.OIF)),
      table: readU32(attributes.get(RTA.TABLE)) ?? payload.readUInt8(4),
      type: payload.readUInt8(7),
    };
  });
}
