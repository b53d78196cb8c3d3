import { readAttributes, readString } from '../netlink/message-reader.js';
import type { NetlinkSocket, Request } from '../netlink/netlink-socket.js';
import { AF_INET, IFA, NLM_F, RTM } from './messages.js';

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
    operation: `add address ${address.join('.')}/${prefixLength} to link ${linkIndex}`,
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      // struct ifaddrmsg: family, prefix length, flags, scope, index
      writer.bytes([
        AF_INET,
        prefixLength,
        0,
        0,
        linkIndex & 255,
        (linkIndex >> 8) & 255,
        (linkIndex >> 16) & 255,
        linkIndex >>> 24,
      ]);
      writer.attribute(IFA.LOCAL, address);
      writer.attribute(IFA.ADDRESS, address);
      writer.attribute(IFA.BROADCAST, broadcast);
    },
  };
}

/** For a dump; each reply goes through `parseAddress`. */
export const LIST_ADDRESSES: Request = {
  operation: 'list addresses',
  type: RTM.GETADDR,
  flags: 0,
  write: (writer) => writer.bytes([AF_INET, 0, 0, 0, 0, 0, 0, 0]),
};

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

/** `ip -4 address`: every IPv4 address of the socket's namespace. */
export async function listAddresses(socket: NetlinkSocket): Promise<InterfaceAddress[]> {
  return (await socket.dump(LIST_ADDRESSES)).flatMap((payload) => parseAddress(payload) ?? []);
}
