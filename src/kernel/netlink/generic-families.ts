import { readAttributes, readString } from './message-reader.js';
import { NetlinkSocket } from './netlink-socket.js';
import { NETLINK_PROTOCOL } from './protocol.js';

const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
const GENLMSGHDR_BYTES = 4;

/** The generic netlink families that the kernel has, by name (`genl ctrl list`); to list them loads no module. */
export function genericFamilies(): Map<string, number> {
  using socket = NetlinkSocket.open({ protocol: NETLINK_PROTOCOL.generic });
  const replies = socket.dumpNow({
    operation: 'list generic netlink families',
    type: GENL_ID_CTRL,
    flags: 0,
    write: (writer) => writer.bytes([CTRL_CMD_GETFAMILY, 1, 0, 0]),
  });
  const families = new Map<string, number>();
  for (const payload of replies) {
    const attributes = readAttributes(payload.subarray(GENLMSGHDR_BYTES));
    const name = readString(attributes.get(CTRL_ATTR_FAMILY_NAME));
    const id = attributes.get(CTRL_ATTR_FAMILY_ID)?.readUInt16LE(0);
    if (name !== undefined && id !== undefined) families.set(name, id);
  }
  return families;
}
