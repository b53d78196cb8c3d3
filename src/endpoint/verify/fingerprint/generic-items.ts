import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { Item } from './item.js';
import { netlinkItem } from './netlink-item.js';

/** struct genlmsghdr */
const HEADER_BYTES = 4;
const ETHTOOL_HEADER = 1;
const ETHTOOL_HEADER_FLAGS = 3;
const COMPACT_BITSETS = 1;

interface Family {
  readonly name: string;
  readonly family: string;
  readonly command: number;
  readonly version?: number;
  readonly single?: true;
}

const FAMILIES: readonly Family[] = [
  { name: 'MPTCP endpoints', family: 'mptcp_pm', command: 3 },
  { name: 'MPTCP limits', family: 'mptcp_pm', command: 6, single: true },
  // The settings of ethtool(8) that a link without hardware has.
  { name: 'link features', family: 'ethtool', command: 11 },
  { name: 'link rings', family: 'ethtool', command: 15 },
  { name: 'link channels', family: 'ethtool', command: 17 },
  { name: 'link coalescing', family: 'ethtool', command: 19 },
  { name: 'segment routing keys', family: 'SEG6', command: 2 },
  { name: 'segment routing source', family: 'SEG6', command: 4, single: true },
  { name: 'IOAM namespaces', family: 'IOAM6', command: 3 },
  { name: 'IOAM schemas', family: 'IOAM6', command: 6 },
  { name: 'L2TP tunnels', family: 'l2tp', command: 4 },
  { name: 'FOU ports', family: 'fou', command: 3 },
];

/** What generic netlink families hold in a namespace; families that the kernel lacks hold nothing. */
export const GENERIC_ITEMS: readonly Item[] = FAMILIES.map(({ name, family, command, version = 1, single }) =>
  netlinkItem(name, {
    protocol: NETLINK_PROTOCOL.generic,
    type: ({ families }) => families.get(family),
    shape: { headerBytes: HEADER_BYTES },
    ...(single ? { single } : {}),
    write(writer) {
      writer.bytes([command, version, 0, 0]);
      if (family === 'ethtool') writer.nested(ETHTOOL_HEADER, () => writer.u32(ETHTOOL_HEADER_FLAGS, COMPACT_BITSETS));
    },
  }),
);
