import { findU32, readAttributes, readString, readU32 } from '../../netlink/message-reader.js';
import type { MessageWriter } from '../../netlink/message-writer.js';
import { AF_INET6, IFF_UP, IFLA, IFLA_INET6_ADDR_GEN_MODE, IFLA_INFO, IN6_ADDR_GEN_MODE_NONE } from '../messages.js';

/** struct ifinfomsg, before the attributes. */
const HEADER_BYTES = 16;

/** Behind each byte in hexadecimal but the last. */
const BETWEEN_BYTES = /..(?=.)/g;

/** The attributes that `parseLink` reads: a link has some forty. */
const READ = new Set([
  IFLA.LINKINFO,
  IFLA.ADDRESS,
  IFLA.IFNAME,
  IFLA.MTU,
  IFLA.MASTER,
  IFLA.LINK,
  IFLA.IFALIAS,
  IFLA.QDISC,
]);
const READ_OF_INFO = new Set([IFLA_INFO.KIND]);

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
  /** Its queueing discipline: `noqueue`, as a rule. */
  readonly qdisc?: string | undefined;
}

/** A link is named by its index, or by its name where the index is not known. */
export type LinkRef = { readonly index: number } | { readonly name: string };

export function refText(ref: LinkRef): string {
  return 'index' in ref ? `link ${ref.index}` : `link ${ref.name}`;
}

/** The header of a request about a link, and its name where the index is not known. */
export function writeRef(writer: MessageWriter, ref: LinkRef, flags = 0): void {
  writer.linkHeader({ index: 'index' in ref ? ref.index : 0, flags, change: flags });
  if ('name' in ref) writer.string(IFLA.IFNAME, ref.name);
}

/** The payload of an RTM_NEWLINK message. */
export function parseLink(payload: Buffer): Link {
  const attributes = readAttributes(payload.subarray(HEADER_BYTES), READ);
  const info = attributes.get(IFLA.LINKINFO);
  const mac = attributes.get(IFLA.ADDRESS);
  return {
    index: payload.readInt32LE(4),
    name: readString(attributes.get(IFLA.IFNAME)) ?? '',
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    mtuBytes: readU32(attributes.get(IFLA.MTU)) ?? 0,
    mac: mac?.length === 6 ? mac.toString('hex').replace(BETWEEN_BYTES, '$&:') : undefined,
    masterIndex: readU32(attributes.get(IFLA.MASTER)),
    peerIndex: readU32(attributes.get(IFLA.LINK)),
    kind: info === undefined ? undefined : readString(readAttributes(info, READ_OF_INFO).get(IFLA_INFO.KIND)),
    alias: readString(attributes.get(IFLA.IFALIAS)),
    qdisc: readString(attributes.get(IFLA.QDISC)),
  };
}

/** Index of a link and, of a veth pair, of its other end in that end's namespace, from the payload of an RTM_NEWLINK message. */
export function parseLinkIndexes(payload: Buffer): { readonly index: number; readonly peerIndex: number | undefined } {
  return { index: payload.readInt32LE(4), peerIndex: findU32(payload, HEADER_BYTES, IFLA.LINK) };
}

const AF_SPEC = new Set([IFLA.AF_SPEC]);

/**
 * Whether the link makes no IPv6 addresses of its own, from the payload of an RTM_NEWLINK message: so it is too where the kernel has no
 * IPv6, which then says nothing of it.
 */
export function hasNoAutomaticAddresses(payload: Buffer): boolean {
  const families = readAttributes(payload.subarray(HEADER_BYTES), AF_SPEC).get(IFLA.AF_SPEC);
  const ipv6 = families && readAttributes(families).get(AF_INET6);
  return ipv6 === undefined || readAttributes(ipv6).get(IFLA_INET6_ADDR_GEN_MODE)?.[0] === IN6_ADDR_GEN_MODE_NONE;
}
