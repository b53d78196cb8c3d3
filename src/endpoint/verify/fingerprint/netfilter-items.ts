import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { Item } from './item.js';
import type { MessageShape } from './message-shape.js';
import { netlinkItem } from './netlink-item.js';

/** struct nfgenmsg of include/uapi/linux/netfilter/nfnetlink.h */
const HEADER_BYTES = 4;

interface Subsystem {
  readonly name: string;
  /** NFNL_SUBSYS_… */
  readonly subsystem: number;
  readonly message: number;
  /** The module that holds such objects. */
  readonly module: string;
  readonly single?: true;
  readonly shape?: Omit<MessageShape, 'headerBytes'>;
  /** An attribute that the question must have: type and value. */
  readonly attribute?: readonly [type: number, value: readonly number[]];
}

const SUBSYSTEMS: readonly Subsystem[] = [
  // Chains, rules, sets, maps, flowtables and objects are all parts of tables.
  { name: 'nftables tables', subsystem: 10, message: 1, module: 'nf_tables' },
  // Counts every change to the ruleset; NFTA_GEN_PROC_PID and NFTA_GEN_PROC_NAME are the asker's.
  {
    name: 'nftables generation',
    subsystem: 10,
    message: 16,
    module: 'nf_tables',
    single: true,
    shape: { noise: new Set([2, 3]) },
  },
  { name: 'IP sets', subsystem: 6, message: 7, module: 'ip_set', attribute: [1, [6]] },
  { name: 'accounting objects', subsystem: 7, message: 1, module: 'nfnetlink_acct' },
  { name: 'conntrack timeouts', subsystem: 8, message: 1, module: 'nfnetlink_cttimeout' },
  { name: 'conntrack helpers', subsystem: 9, message: 1, module: 'nfnetlink_cthelper' },
  { name: 'conntrack expectations', subsystem: 2, message: 1, module: 'nf_conntrack_netlink' },
  // IPCTNL_MSG_CT_GET_STATS: how many entries this namespace has
  { name: 'conntrack entries', subsystem: 1, message: 5, module: 'nf_conntrack_netlink', single: true },
];

/** What netfilter holds in a namespace, by nfnetlink. */
export const NETFILTER_ITEMS: readonly Item[] = SUBSYSTEMS.map(
  ({ name, subsystem, message, module, single, shape, attribute }) =>
    netlinkItem(name, {
      protocol: NETLINK_PROTOCOL.netfilter,
      type: ({ hasModule }) => (hasModule(module) ? (subsystem << 8) | message : undefined),
      shape: { headerBytes: HEADER_BYTES, ...shape },
      ...(single ? { single } : {}),
      write(writer) {
        writer.bytes(new Uint8Array(HEADER_BYTES));
        if (attribute !== undefined) writer.attribute(...attribute);
      },
    }),
);
