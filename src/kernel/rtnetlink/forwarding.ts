import { readAttributes } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { filteredDump } from './filtered-dump.js';
import { AF_BRIDGE, NDA, NTF_MASTER, NTF_STICKY, NUD_NOARP, RTM } from './messages.js';

/**
 * `bridge fdb replace MAC dev PORT master static sticky`: frames for this MAC leave by this port, whatever the bridge may learn
 * at another one (br_fdb_update of net/bridge/br_fdb.c). The entry goes with the port.
 */
export function addForwarding(options: { portIndex: number; mac: readonly number[] }): Request {
  return {
    operation: () => `forward to bridge port ${options.portIndex}`,
    type: RTM.NEWNEIGH,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    write(writer) {
      writer.bytes(
        forwardingHeader({ portIndex: options.portIndex, state: NUD_NOARP, flags: NTF_MASTER | NTF_STICKY }),
      );
      writer.attribute(NDA.LLADDR, options.mac);
    },
  };
}

/** `bridge fdb del MAC dev PORT master`. */
export function deleteForwarding(options: { portIndex: number; mac: readonly number[] }): Request {
  return {
    get operation() {
      return `stop forwarding to bridge port ${options.portIndex}`;
    },
    type: RTM.DELNEIGH,
    flags: 0,
    write(writer) {
      writer.bytes(forwardingHeader({ portIndex: options.portIndex, state: 0, flags: NTF_MASTER }));
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

/** `bridge fdb show br INDEX`: the entries of one bridge. Throws kernel_error. */
export async function listForwarding(socket: NetlinkSocket, bridgeIndex: number): Promise<ForwardingEntry[]> {
  const replies = await filteredDump(socket, {
    operation: 'list forwarding entries',
    type: RTM.GETNEIGH,
    flags: 0,
    write(writer) {
      writer.bytes(forwardingHeader({ portIndex: 0, state: 0, flags: 0 }));
      writer.u32(NDA.MASTER, bridgeIndex);
    },
  });
  return replies.flatMap((payload) => {
    const mac = readAttributes(payload.subarray(12)).get(NDA.LLADDR);
    return mac === undefined ? [] : [{ portIndex: payload.readInt32LE(4), state: payload.readUInt16LE(8), mac }];
  });
}

/** struct ndmsg: family, pad, ifindex, state, flags, type. */
function forwardingHeader({ portIndex, state, flags }: { portIndex: number; state: number; flags: number }): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_BRIDGE, 0);
  header.writeInt32LE(portIndex, 4);
  header.writeUInt16LE(state, 8);
  header.writeUInt8(flags, 10);
  return header;
}
