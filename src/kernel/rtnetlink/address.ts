import { readAttributes, readString } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { filteredDump } from './filtered-dump.js';
import { AF_INET, IFA, RTM } from './messages.js';

/** The address is gone already. */
const EADDRNOTAVAIL = 99;

export interface InterfaceAddress {
  readonly linkIndex: number;
  readonly label: string | undefined;
  /** Four bytes. */
  readonly address: Buffer;
  readonly prefixLength: number;
}

/** `ip address add ADDRESS/PREFIX broadcast BROADCAST dev INDEX`, IPv4. */
export function addAddress(options: {
  linkIndex: number;
  address: readonly number[];
  prefixLength: number;
  broadcast: readonly number[];
}): Request {
  const { linkIndex, address, prefixLength, broadcast } = options;
  return {
    operation: () => `add address ${address.join('.')}/${prefixLength} to link ${linkIndex}`,
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      writer.bytes(addressHeader(linkIndex, prefixLength));
      writer.attribute(IFA.LOCAL, address);
      writer.attribute(IFA.ADDRESS, address);
      writer.attribute(IFA.BROADCAST, broadcast);
    },
  };
}

/** `ip address del ADDRESS/PREFIX dev INDEX`, IPv4; the kernel removes the route beside it too. */
export function deleteAddress(options: {
  linkIndex: number;
  address: readonly number[];
  prefixLength: number;
}): Request {
  const { linkIndex, address, prefixLength } = options;
  return {
    operation: () => `remove address ${address.join('.')}/${prefixLength} from link ${linkIndex}`,
    type: RTM.DELADDR,
    flags: 0,
    doneBy: EADDRNOTAVAIL,
    write(writer) {
      writer.bytes(addressHeader(linkIndex, prefixLength));
      writer.attribute(IFA.LOCAL, address);
    },
  };
}

/** For a dump of one link's addresses, or of all; each reply goes through `parseAddress`. */
export function addressDump({ linkIndex = 0 }: { linkIndex?: number } = {}): Request {
  return {
    operation: 'list addresses',
    type: RTM.GETADDR,
    flags: 0,
    write: (writer) => writer.bytes(addressHeader(linkIndex, 0)),
  };
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
function addressHeader(linkIndex: number, prefixLength: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt32LE(linkIndex, 4);
  return header;
}

/** The payload of an RTM_NEWADDR message; undefined where it is of no IPv4 address. */
export function parseAddress(payload: Buffer): InterfaceAddress | undefined {
  const attributes = readAttributes(payload.subarray(8));
  const address = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (address === undefined || payload.readUInt8(0) !== AF_INET) return undefined;
  return {
    linkIndex: payload.readUInt32LE(4),
    label: readString(attributes.get(IFA.LABEL)),
    address,
    prefixLength: payload.readUInt8(1),
  };
}

/** `ip -4 address`: the IPv4 addresses of one link, or of the socket's namespace. Throws kernel_error. */
export async function listAddresses(
  socket: NetlinkSocket,
  filter: { linkIndex?: number } = {},
): Promise<InterfaceAddress[]> {
  const { linkIndex } = filter;
  const addresses = (await filteredDump(socket, addressDump(filter))).flatMap((payload) => parseAddress(payload) ?? []);
  return linkIndex === undefined ? addresses : addresses.filter((address) => address.linkIndex === linkIndex);
}
