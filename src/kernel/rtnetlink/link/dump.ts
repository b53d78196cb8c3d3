import type { NetlinkSocket } from '../../netlink/netlink-socket.js';
import type { Request } from '../../netlink/request.js';
import { IFLA, IFLA_INFO, RTEXT_FILTER_SKIP_STATS, RTM } from '../messages.js';
import { type Link, parseLink } from './link.js';

/** Which links are listed; the kernel heeds both since Linux 4.6 (link_master_filtered of net/core/rtnetlink.c). */
export interface LinkFilter {
  /** `veth`, `bridge`, …: as `ip link show type KIND`. */
  readonly kind?: string;
  /** Ports of this bridge: as `ip link show master BRIDGE`. */
  readonly masterIndex?: number;
}

/** For a dump, without statistics; each reply goes through `parseLink`. */
export function linkDump({ kind, masterIndex }: LinkFilter = {}): Request {
  return {
    operation: 'list links',
    type: RTM.GETLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({});
      writer.u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS);
      if (masterIndex !== undefined) writer.u32(IFLA.MASTER, masterIndex);
      if (kind !== undefined) writer.nested(IFLA.LINKINFO, () => writer.string(IFLA_INFO.KIND, kind));
    },
  };
}

/** `ip link`: links of the socket's namespace. Throws kernel_error. */
export async function listLinks(socket: NetlinkSocket, filter: LinkFilter = {}): Promise<Link[]> {
  const links = (await socket.dump(linkDump(filter))).map(parseLink);
  return links.filter(
    ({ kind, masterIndex }) =>
      (filter.kind === undefined || kind === filter.kind) &&
      (filter.masterIndex === undefined || masterIndex === filter.masterIndex),
  );
}
