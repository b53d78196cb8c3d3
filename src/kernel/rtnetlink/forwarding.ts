import { readAttributes } from '../netlink/message-reader.js';
import type { NetlinkSocket, Request } from '../netlink/netlink-socket.js';
import { AF_BRIDGE, NDA, NLM_F, NTF_MASTER, NUD_NOARP, RTM } from './messages.js';

/**
 * `bridge fdb replace MAC dev PORT master static`: frames for this MAC leave by this port, whatever the bridge may learn.
 * The entry goes with the port.
 */
export function addForwarding(options: { portIndex: number; mac: readonly number[] }): Request {
  return {
    operation: `forward to bridge port ${options.portIndex}`,
    type: RTM.NEWNEIGH,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    write(writer) {
      // struct ndmsg: family, pad, ifindex, state, flags, type
      const header = Buffer.alloc(12);
      header.writeUInt8(AF_BRIDGE, 0);
      header.writeInt32LE(options.portIndex, 4);
      header.writeUInt16LE(NUD_NOARP, 8);
      header.writeUInt8(NTF_MASTER, 10);
      writer.bytes(header);
      writer.attribute(NDA.LLADDR, options.mac);
    },
  };
}

/** An entry of a bridge's forwarding table. */
export interface ForwardingEntry {
  readonly portIndex: number;
  /** NUD_… bits: NUD_NOARP is a static entry, NUD_PERMANENT the port's own MAC. */
  readonly state: number;
  readonly mac: Buffer;
}

/** `bridge fdb`: the entries of all bridges of the socket's namespace. */
export async function listForwarding(socket: NetlinkSocket): Promise<ForwardingEntry[]> {
  const request: Request = {
    operation: 'list forwarding entries',
    type: RTM.GETNEIGH,
    flags: 0,
    write(writer) {
      const header = Buffer.alloc(12);
      header.writeUInt8(AF_BRIDGE, 0);
      writer.bytes(header);
    },
  };
  return (await socket.dump(request)).flatMap((payload) => {
    const mac = readAttributes(payload.subarray(12)).get(NDA.LLADDR);
    if (mac === undefined) return [];
    return [{ portIndex: payload.readInt32LE(4), state: payload.readUInt16LE(8), mac }];
  });
}
