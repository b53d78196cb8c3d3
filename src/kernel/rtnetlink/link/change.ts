import { constants } from 'node:os';
import type { Request } from '../../netlink/request.js';
import { AF_INET6, IFF_UP, IFLA, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE, RTM } from '../messages.js';
import { type LinkRef, refText, writeRef } from './link.js';

export interface LinkChange {
  /** To take a link down is nothing that netnsd does. */
  readonly up?: true;
  readonly alias?: string;
  readonly group?: number;
  readonly name?: string;
  readonly mac?: readonly number[];
  readonly mtuBytes?: number;
  readonly masterIndex?: number;
  readonly netnsFd?: number;
}

/** `ip link set …`. */
export function setLink(ref: LinkRef, change: LinkChange): Request {
  return {
    operation: () => `set ${Object.keys(change).join(', ')} of ${refText(ref)}`,
    type: RTM.NEWLINK,
    flags: 0,
    write(writer) {
      writeRef(writer, ref, change.up ? IFF_UP : 0);
      if (change.name !== undefined) writer.string(IFLA.IFNAME, change.name);
      if (change.alias !== undefined) writer.attribute(IFLA.IFALIAS, Buffer.from(change.alias));
      if (change.group !== undefined) writer.u32(IFLA.GROUP, change.group);
      if (change.mac !== undefined) writer.attribute(IFLA.ADDRESS, change.mac);
      if (change.mtuBytes !== undefined) writer.u32(IFLA.MTU, change.mtuBytes);
      if (change.masterIndex !== undefined) writer.u32(IFLA.MASTER, change.masterIndex);
      if (change.netnsFd !== undefined) writer.u32(IFLA.NET_NS_FD, change.netnsFd);
    },
  };
}

/**
 * `ip link set … addrgenmode none`: no link-local address, so no duplicate address detection and no router solicitation.
 * To be asked for before the link is up. Where the link has no IPv6 (its MTU is below 1280, or the kernel was started with
 * ipv6.disable=1), which the kernel tells by EAFNOSUPPORT (inet6_validate_link_af of net/ipv6/addrconf.c, validate_linkmsg
 * of net/core/rtnetlink.c), there is nothing to do.
 */
export function stopIpv6Addresses(ref: LinkRef): Request {
  return {
    operation: () => `stop IPv6 address generation of ${refText(ref)}`,
    type: RTM.NEWLINK,
    flags: 0,
    doneBy: constants.errno.EAFNOSUPPORT,
    write(writer) {
      writeRef(writer, ref);
      writer.nested(IFLA.AF_SPEC, () =>
        writer.nested(AF_INET6, () => writer.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)),
      );
    },
  };
}
