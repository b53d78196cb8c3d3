import type { Request } from './netlink-socket.js';
import { AF_BRIDGE, NDA, NLM_F, NTF_MASTER, NUD_NOARP, RTM } from './rtnetlink.js';

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
