import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { Item } from './item.js';
import { netlinkItem } from './netlink-item.js';

const RTM_GETACTION = 50;
/** struct tcamsg, then TCA_ACT_TAB with one action that names its kind; include/uapi/linux/rtnetlink.h */
const TCA_ACT_TAB = 1;
const TCA_ACT_KIND = 1;
const KINDS = [
  'bpf',
  'connmark',
  'csum',
  'ct',
  'ctinfo',
  'gact',
  'gate',
  'ife',
  'mirred',
  'mpls',
  'nat',
  'pedit',
  'police',
  'sample',
  'simple',
  'skbedit',
  'skbmod',
  'tunnel_key',
  'vlan',
] as const;

/** Actions of tc(8) that stand by themselves, without a filter: `tc actions list action KIND`. */
export const ACTION_ITEMS: readonly Item[] = KINDS.map((kind) =>
  netlinkItem(`tc actions (${kind})`, {
    protocol: NETLINK_PROTOCOL.route,
    type: ({ hasModule }) => (hasModule(`act_${kind}`) ? RTM_GETACTION : undefined),
    shape: { headerBytes: 4 },
    write(writer) {
      writer.bytes(new Uint8Array(4));
      writer.nested(TCA_ACT_TAB, () => writer.nested(1, () => writer.string(TCA_ACT_KIND, kind)));
    },
  }),
);
