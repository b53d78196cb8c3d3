import { constants } from 'node:os';
import { readAttributes, readString, readU32 } from '../netlink/message-reader.js';
import type { MessageWriter } from '../netlink/message-writer.js';
import type { NetlinkSocket, Request } from '../netlink/netlink-socket.js';
import {
  AF_INET6,
  BR_STATE_FORWARDING,
  IFF_UP,
  IFLA,
  IFLA_BR,
  IFLA_BRPORT,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO,
  IN6_ADDR_GEN_MODE_NONE,
  NLM_F,
  RTM,
  VETH_INFO_PEER,
} from './messages.js';

/** A link as RTM_GETLINK describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly mtuBytes: number;
  /** `aa:bb:cc:dd:ee:ff`, or undefined where the link has no such address. */
  readonly mac: string | undefined;
  readonly masterIndex: number | undefined;
  /** Index of the other end of a veth pair, in that end's namespace. */
  readonly peerIndex: number | undefined;
  readonly kind: string | undefined;
  readonly alias: string | undefined;
}

export interface VethEnd {
  readonly name: string;
  readonly mac: readonly number[];
  readonly mtuBytes: number;
}

function vethEnd(writer: MessageWriter, end: VethEnd): void {
  writer.string(IFLA.IFNAME, end.name);
  // The MAC is part of the request that makes the link: udev's MACAddressPolicy leaves an address alone that was set so.
  writer.attribute(IFLA.ADDRESS, end.mac);
  writer.u32(IFLA.MTU, end.mtuBytes);
  // One queue each: by default a veth gets one per possible CPU, and each costs memory and time.
  writer.u32(IFLA.NUM_TX_QUEUES, 1);
  writer.u32(IFLA.NUM_RX_QUEUES, 1);
}

/**
 * `ip link add HOST address MAC mtu MTU numtxqueues 1 numrxqueues 1 type veth peer name PEER … netns FD`:
 * a pair whose peer is born inside another namespace (or in the same one: null). The reply is the host's link (`parseLink`): its `peerIndex` is the
 * index of the peer there.
 */
export function createVeth(options: { host: VethEnd; peer: VethEnd; peerNetnsFd: number | null }): Request {
  const { host, peer, peerNetnsFd } = options;
  return {
    operation: `create veth ${host.name} with peer ${peer.name}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL | NLM_F.ECHO,
    write(writer) {
      writer.linkHeader({});
      vethEnd(writer, host);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.KIND, 'veth');
        writer.nested(IFLA_INFO.DATA, () =>
          writer.nested(VETH_INFO_PEER, () => {
            writer.linkHeader({});
            vethEnd(writer, peer);
            if (peerNetnsFd !== null) writer.u32(IFLA.NET_NS_FD, peerNetnsFd);
          }),
        );
      });
    },
  };
}

/**
 * `ip link add NAME address MAC mtu MTU type bridge stp_state 0 mcast_snooping 0`. Without multicast snooping the bridge
 * joins no snooper group, and so floods no report of its own to every port.
 */
export function createBridge(options: { name: string; mac: readonly number[]; mtuBytes: number }): Request {
  return {
    operation: `create bridge ${options.name}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      writer.linkHeader({});
      writer.string(IFLA.IFNAME, options.name);
      writer.attribute(IFLA.ADDRESS, options.mac);
      writer.u32(IFLA.MTU, options.mtuBytes);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.KIND, 'bridge');
        writer.nested(IFLA_INFO.DATA, () => {
          writer.u32(IFLA_BR.STP_STATE, 0);
          writer.u8(IFLA_BR.MCAST_SNOOPING, 0);
        });
      });
    },
  };
}

/** A link is named by its index, or by its name where the index is not known. */
export type LinkRef = { readonly index: number } | { readonly name: string };

export interface LinkChange {
  readonly up?: boolean;
  readonly alias?: string;
  readonly group?: number;
  readonly name?: string;
  readonly mac?: readonly number[];
  readonly mtuBytes?: number;
  readonly masterIndex?: number;
  readonly netnsFd?: number;
}

function refText(ref: LinkRef): string {
  return 'index' in ref ? `link ${ref.index}` : `link ${ref.name}`;
}

/** `ip link set …`. */
export function setLink(ref: LinkRef, change: LinkChange): Request {
  return {
    operation: `set ${Object.keys(change).join(', ')} of ${refText(ref)}`,
    type: RTM.NEWLINK,
    flags: 0,
    write(writer) {
      const index = 'index' in ref ? ref.index : 0;
      const up = change.up;
      writer.linkHeader({ index, flags: up ? IFF_UP : 0, change: up === undefined ? 0 : IFF_UP });
      if ('name' in ref) writer.string(IFLA.IFNAME, ref.name);
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
    operation: `stop IPv6 address generation of ${refText(ref)}`,
    type: RTM.NEWLINK,
    flags: 0,
    doneBy: constants.errno.EAFNOSUPPORT,
    write(writer) {
      writer.linkHeader({ index: 'index' in ref ? ref.index : 0 });
      if ('name' in ref) writer.string(IFLA.IFNAME, ref.name);
      writer.nested(IFLA.AF_SPEC, () =>
        writer.nested(AF_INET6, () => writer.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)),
      );
    },
  };
}

/**
 * `ip link set NAME type bridge_slave proxy_arp on proxy_arp_wifi on learning off`: the bridge answers ARP requests for
 * neighbours that it knows by itself, floods nothing to the port, and believes no source address that comes out of it
 * (br_do_proxy_suppress_arp and br_flood of net/bridge). The link must be a port already.
 */
export function setQuietPort(ref: LinkRef): Request {
  return {
    operation: `make ${refText(ref)} a quiet bridge port`,
    type: RTM.NEWLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({ index: 'index' in ref ? ref.index : 0 });
      if ('name' in ref) writer.string(IFLA.IFNAME, ref.name);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.SLAVE_KIND, 'bridge');
        writer.nested(IFLA_INFO.SLAVE_DATA, () => {
          writer.u8(IFLA_BRPORT.LEARNING, 0);
          writer.u8(IFLA_BRPORT.PROXYARP, 1);
          writer.u8(IFLA_BRPORT.PROXYARP_WIFI, 1);
        });
      });
    },
  };
}

/** `ip link del`. */
export function deleteLink(ref: LinkRef): Request {
  return {
    operation: `delete ${refText(ref)}`,
    type: RTM.DELLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({ index: 'index' in ref ? ref.index : 0 });
      if ('name' in ref) writer.string(IFLA.IFNAME, ref.name);
    },
  };
}

/** `ip link del group N`: all links of the group in one go, so that the kernel waits for its readers once, not once a link. */
export function deleteLinkGroup(group: number): Request {
  return {
    operation: `delete links of group ${group}`,
    type: RTM.DELLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({});
      writer.u32(IFLA.GROUP, group);
    },
  };
}

/** `ip link show NAME`; the reply goes through `parseLink`. */
export function getLink(name: string): Request {
  return {
    operation: `look up link ${name}`,
    type: RTM.GETLINK,
    flags: 0,
    write(writer) {
      writer.linkHeader({});
      writer.string(IFLA.IFNAME, name);
    },
  };
}

/** The payload of an RTM_NEWLINK message. */
export function parseLink(payload: Buffer): Link {
  const attributes = readAttributes(payload.subarray(16));
  const info = attributes.get(IFLA.LINKINFO);
  const mac = attributes.get(IFLA.ADDRESS);
  return {
    index: payload.readInt32LE(4),
    name: readString(attributes.get(IFLA.IFNAME)) ?? '',
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    mtuBytes: readU32(attributes.get(IFLA.MTU)) ?? 0,
    mac: mac?.length === 6 ? [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':') : undefined,
    masterIndex: readU32(attributes.get(IFLA.MASTER)),
    peerIndex: readU32(attributes.get(IFLA.LINK)),
    kind: info === undefined ? undefined : readString(readAttributes(info).get(IFLA_INFO.KIND)),
    alias: readString(attributes.get(IFLA.IFALIAS)),
  };
}

/** Whether the RTM_NEWLINK message of a bridge port says that the bridge forwards frames to and from it. */
export function isForwarding(payload: Buffer): boolean {
  const info = readAttributes(payload.subarray(16)).get(IFLA.LINKINFO);
  const port = info && readAttributes(info).get(IFLA_INFO.SLAVE_DATA);
  return port !== undefined && readAttributes(port).get(IFLA_BRPORT.STATE)?.[0] === BR_STATE_FORWARDING;
}

/** How a bridge treats one of its ports. */
export interface BridgePortSettings {
  readonly learning: boolean;
  readonly proxyArp: boolean;
  readonly proxyArpWifi: boolean;
}

/** What the RTM_NEWLINK message of a bridge port says of the port; undefined for any other link. */
export function parseBridgePort(payload: Buffer): BridgePortSettings | undefined {
  const info = readAttributes(payload.subarray(16)).get(IFLA.LINKINFO);
  const attributes = info && readAttributes(info);
  const data = attributes?.get(IFLA_INFO.SLAVE_DATA);
  if (data === undefined || readString(attributes?.get(IFLA_INFO.SLAVE_KIND)) !== 'bridge') return undefined;
  const port = readAttributes(data);
  const isOn = (type: number): boolean => port.get(type)?.[0] === 1;
  return {
    learning: isOn(IFLA_BRPORT.LEARNING),
    proxyArp: isOn(IFLA_BRPORT.PROXYARP),
    proxyArpWifi: isOn(IFLA_BRPORT.PROXYARP_WIFI),
  };
}

/** For a dump; each reply goes through `parseLink`. */
export const LIST_LINKS: Request = {
  operation: 'list links',
  type: RTM.GETLINK,
  flags: 0,
  write: (writer) => writer.linkHeader({}),
};

/** `ip link`: every link of the socket's namespace. */
export async function listLinks(socket: NetlinkSocket): Promise<Link[]> {
  return (await socket.dump(LIST_LINKS)).map(parseLink);
}
