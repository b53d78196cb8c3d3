import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { Item } from './item.js';
import { netlinkItem } from './netlink-item.js';

/** XFRM_MSG_… of include/uapi/linux/xfrm.h; each asks for a number of things, or for a switch. */
const QUESTIONS = [
  { name: 'xfrm states', type: 0x23, headerBytes: 4 },
  { name: 'xfrm policies', type: 0x25, headerBytes: 4 },
  { name: 'xfrm default policy', type: 0x28, headerBytes: 4 },
] as const;

/** IPsec: how many states and policies there are, and what is done without one. */
export const XFRM_ITEMS: readonly Item[] = QUESTIONS.map(({ name, type, headerBytes }) =>
  netlinkItem(name, {
    protocol: NETLINK_PROTOCOL.xfrm,
    type,
    single: true,
    shape: { headerBytes },
    write: (writer) => writer.bytes(new Uint8Array(headerBytes)),
  }),
);
