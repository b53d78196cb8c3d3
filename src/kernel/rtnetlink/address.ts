import { readAttributes, readString } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { addressText } from './address-text.js';
import { filteredDump } from './filtered-dump.js';
import { AF_INET, familyOf, IFA, IFA_F_NODAD, RTM } from './messages.js';

/** The address is gone already. */
const EADDRNOTAVAIL = 99;

export interface InterfaceAddress {
  readonly linkIndex: number;
  readonly label: string | undefined;
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly prefixLength: number;
}

/**
 * `ip address add ADDRESS/PREFIX broadcast BROADCAST dev INDEX`; of IPv6 `… nodad`, so that it is there at once: no duplicate
 * address detection.
 */
export function addAddress(options: {
  linkIndex: number;
  address: readonly number[];
  prefixLength: number;
  /** IPv4 only. */
  broadcast?: readonly number[];
}): Request {
  const { linkIndex, address, prefixLength, broadcast } = options;
  return {
    operation: () => `add address ${addressText(address)}/${prefixLength} to link ${linkIndex}`,
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      const family = familyOf(address);
      writer.bytes(addressHeader({ family, linkIndex, prefixLength, flags: family === AF_INET ? 0 : IFA_F_NODAD }));
      writer.attribute(IFA.LOCAL, address);
      writer.attribute(IFA.ADDRESS, address);
      if (broadcast !== undefined) writer.attribute(IFA.BROADCAST, broadcast);
    },
  };
}

/** `ip address del ADDRESS/PREFIX dev INDEX`; the kernel removes the route beside it too. */
export function deleteAddress(options: {
  linkIndex: number;
  address: readonly number[];
  prefixLength: number;
}): Request {
  const { linkIndex, address, prefixLength } = options;
  return {
    operation: () => `remove address ${addressText(address)}/${prefixLength} from link ${linkIndex}`,
    type: RTM.DELADDR,
    flags: 0,
    doneBy: EADDRNOTAVAIL,
    write(writer) {
      writer.bytes(addressHeader({ family: familyOf(address), linkIndex, prefixLength }));
      writer.attribute(IFA.LOCAL, address);
    },
  };
}

/** Which addresses are listed: IPv4 unless another family is asked for. */
export interface AddressFilter {
  readonly linkIndex?: number;
  readonly family?: number;
}

/** For a dump of one link's addresses, or of all; each reply goes through `parseAddress`. */
export function addressDump({ linkIndex = 0, family = AF_INET }: AddressFilter = {}): Request {
  return {
    operation: 'list addresses',
    type: RTM.GETADDR,
    flags: 0,
    write: (writer) => writer.bytes(addressHeader({ family, linkIndex })),
  };
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
function addressHeader(options: { family: number; linkIndex: number; prefixLength?: number; flags?: number }): Buffer {
  const { family, linkIndex, prefixLength = 0, flags = 0 } = options;
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(flags, 2);
  header.writeUInt32LE(linkIndex, 4);
  return header;
}

/** The payload of an RTM_NEWADDR message; undefined where it is of no IP address. */
export function parseAddress(payload: Buffer): InterfaceAddress | undefined {
  const attributes = readAttributes(payload.subarray(8));
  const address = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (address === undefined || payload.readUInt8(0) !== familyOf(address)) return undefined;
  return {
    linkIndex: payload.readUInt32LE(4),
    label: readString(attributes.get(IFA.LABEL)),
    address,
    prefixLength: payload.readUInt8(1),
  };
}

/** `ip address`: the addresses of one family, of one link or of the socket's namespace. Throws kernel_error. */
export async function listAddresses(socket: NetlinkSocket, filter: AddressFilter = {}): Promise<InterfaceAddress[]> {
  const { linkIndex } = filter;
  const addresses = (await filteredDump(socket, addressDump(filter))).flatMap((payload) => parseAddress(payload) ?? []);
  return linkIndex === undefined ? addresses : addresses.filter((address) => address.linkIndex === linkIndex);
}
