import { readAttributes } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { filteredDump } from './filtered-dump.js';
import { AF_INET, NDA, NUD_PERMANENT, RTM } from './messages.js';

export interface Neighbour {
  readonly linkIndex: number;
  /** NUD_… bits. */
  readonly state: number;
  readonly address: Buffer | undefined;
  readonly mac: Buffer | undefined;
}

function neighbourHeader(linkIndex: number, state: number): Buffer {
  // struct ndmsg: family, pad, ifindex, state, flags, type
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  header.writeInt32LE(linkIndex, 4);
  header.writeUInt16LE(state, 8);
  return header;
}

/** `ip neighbour replace ADDRESS lladdr MAC nud permanent dev INDEX`, IPv4. */
export function addNeighbour(options: {
  linkIndex: number;
  address: readonly number[];
  mac: readonly number[];
}): Request {
  return {
    operation: () => `add neighbour ${options.address.join('.')} to link ${options.linkIndex}`,
    type: RTM.NEWNEIGH,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    write(writer) {
      writer.bytes(neighbourHeader(options.linkIndex, NUD_PERMANENT));
      writer.attribute(NDA.DST, options.address);
      writer.attribute(NDA.LLADDR, options.mac);
    },
  };
}

/** `ip neighbour del ADDRESS dev INDEX`, IPv4. */
export function deleteNeighbour(options: { linkIndex: number; address: readonly number[] }): Request {
  return {
    operation: () => `delete neighbour ${options.address.join('.')} of link ${options.linkIndex}`,
    type: RTM.DELNEIGH,
    flags: 0,
    write(writer) {
      writer.bytes(neighbourHeader(options.linkIndex, 0));
      writer.attribute(NDA.DST, options.address);
    },
  };
}

/** `ip -4 neighbour show dev INDEX`. Throws kernel_error. */
export async function listNeighbours(socket: NetlinkSocket, linkIndex: number): Promise<Neighbour[]> {
  const replies = await filteredDump(socket, {
    operation: 'list neighbours',
    type: RTM.GETNEIGH,
    flags: 0,
    write(writer) {
      writer.bytes(neighbourHeader(0, 0));
      writer.u32(NDA.IFINDEX, linkIndex);
    },
  });
  return replies.map(parseNeighbour).filter((neighbour) => neighbour.linkIndex === linkIndex);
}

function parseNeighbour(payload: Buffer): Neighbour {
  const attributes = readAttributes(payload.subarray(12));
  return {
    linkIndex: payload.readInt32LE(4),
    state: payload.readUInt16LE(8),
    address: attributes.get(NDA.DST),
    mac: attributes.get(NDA.LLADDR),
  };
}
