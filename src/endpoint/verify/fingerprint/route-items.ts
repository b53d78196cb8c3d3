import { NETLINK_PROTOCOL } from '../../../kernel/netlink/protocol.js';
import type { Item } from './item.js';
import type { MessageShape, OwnValues } from './message-shape.js';
import { netlinkItem } from './netlink-item.js';

/** include/uapi/linux/rtnetlink.h */
const RTM = {
  GETLINK: 18,
  GETADDR: 22,
  GETROUTE: 26,
  GETNEIGH: 30,
  GETRULE: 34,
  GETQDISC: 38,
  GETMULTICAST: 58,
  GETANYCAST: 62,
  GETNEIGHTBL: 66,
  GETADDRLABEL: 74,
  GETNSID: 90,
  GETNEXTHOP: 106,
} as const;
const AF = { unspecified: 0, bridge: 7, inet6: 10 } as const;
const NTF_PROXY = 8;
const IFLA_EXT_MASK = 29;
/** RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS */
const LINK_FILTER = 1 | 8;
const TCA_DUMP_INVISIBLE = 10;

function addressAt(...types: number[]): Map<number, keyof OwnValues> {
  return new Map(types.map((type) => [type, 'address']));
}

/** IFLA_AF_SPEC of a link: AF_INET and AF_INET6 hold its switches; the statistics and clocks of the latter are noise. */
const FAMILIES = { nested: new Map([[AF.inet6, { noise: new Set([3, 5, 6]) }]]) };
const LINK: MessageShape = {
  headerBytes: 16,
  // IFLA_STATS, IFLA_STATS64, IFLA_CARRIER_CHANGES and its two halves
  noise: new Set([7, 23, 35, 47, 48]),
  // IFLA_ADDRESS, IFLA_LINK, IFLA_PERM_ADDRESS
  own: new Map([
    [1, 'mac'],
    [5, 'hostIndex'],
    [54, 'mac'],
  ]),
  nested: new Map([[26, FAMILIES]]),
  names: {
    1: 'MAC',
    3: 'name',
    4: 'MTU',
    5: 'peer',
    6: 'qdisc',
    10: 'master',
    13: 'transmit queue length',
    16: 'state',
    18: 'kind',
    20: 'alias',
    26: 'a switch of IPv4 or IPv6',
    27: 'group',
    30: 'promiscuity',
    43: 'XDP program',
    52: 'alternative names',
    61: 'all-multicast',
  },
};
/** struct ifa_cacheinfo tells when it was made; the lifetimes of what is permanent say nothing either. */
// IFA_ADDRESS, IFA_LOCAL, IFA_MULTICAST
const ADDRESS: MessageShape = { headerBytes: 8, noise: new Set([6]), own: addressAt(1, 2, 7) };
// RTA_CACHEINFO; RTA_DST, RTA_SRC, RTA_GATEWAY, RTA_PREFSRC
const ROUTE: MessageShape = { headerBytes: 12, noise: new Set([12]), own: addressAt(1, 2, 5, 7) };
const PLAIN = (headerBytes: number): MessageShape => ({ headerBytes });
// NDA_CACHEINFO, NDA_PROBES; NDA_DST, NDA_LLADDR
const NEIGHBOUR: MessageShape = {
  headerBytes: 12,
  noise: new Set([3, 4]),
  own: new Map([...addressAt(1), [2, 'mac']]),
};
/** Thresholds and statistics are the machine's; NDTPA_REACHABLE_TIME is drawn anew now and then. */
const NEIGHBOUR_TABLE: MessageShape = {
  headerBytes: 4,
  noise: new Set([2, 3, 4, 5, 7, 8]),
  nested: new Map([[6, { noise: new Set([2, 3]) }]]),
};
// TCA_STATS, TCA_XSTATS, TCA_STATS2
const QDISC: MessageShape = { headerBytes: 20, noise: new Set([3, 4, 7]) };
/** ifal_seq is a counter. */
const LABEL: MessageShape = { headerBytes: 12, headerNoise: [[8, 12]] };

function routeItem(name: string, type: number, shape: MessageShape, header: readonly number[] = []): Item {
  const bytes = [...header, ...Array.from({ length: shape.headerBytes - header.length }, () => 0)];
  return netlinkItem(name, { protocol: NETLINK_PROTOCOL.route, type, shape, write: (writer) => writer.bytes(bytes) });
}

/** What rtnetlink(7) tells of a namespace. */
export const ROUTE_ITEMS: readonly Item[] = [
  netlinkItem('links', {
    protocol: NETLINK_PROTOCOL.route,
    type: RTM.GETLINK,
    shape: LINK,
    write(writer) {
      writer.linkHeader({});
      writer.u32(IFLA_EXT_MASK, LINK_FILTER);
    },
  }),
  routeItem('addresses', RTM.GETADDR, ADDRESS),
  routeItem('multicast addresses', RTM.GETMULTICAST, ADDRESS, [AF.inet6]),
  routeItem('anycast addresses', RTM.GETANYCAST, ADDRESS, [AF.inet6]),
  routeItem('routes', RTM.GETROUTE, ROUTE),
  routeItem('rules', RTM.GETRULE, PLAIN(12)),
  routeItem('nexthops', RTM.GETNEXTHOP, PLAIN(8)),
  routeItem('neighbours', RTM.GETNEIGH, NEIGHBOUR),
  routeItem('proxy neighbours', RTM.GETNEIGH, NEIGHBOUR, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NTF_PROXY]),
  routeItem('forwarding entries', RTM.GETNEIGH, NEIGHBOUR, [AF.bridge]),
  routeItem('neighbour tables', RTM.GETNEIGHTBL, NEIGHBOUR_TABLE),
  netlinkItem('qdiscs', {
    protocol: NETLINK_PROTOCOL.route,
    type: RTM.GETQDISC,
    shape: QDISC,
    write(writer) {
      writer.bytes(new Uint8Array(20));
      writer.attribute(TCA_DUMP_INVISIBLE, []);
    },
  }),
  routeItem('namespace ids', RTM.GETNSID, PLAIN(4)),
  routeItem('address labels', RTM.GETADDRLABEL, LABEL, [AF.inet6]),
];
