/** Numbers of rtnetlink(7): include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h, veth.h, neighbour.h. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWQDISC: 36,
  GETQDISC: 38,
} as const;

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  QDISC: 6,
  MASTER: 10,
  LINKINFO: 18,
  NET_NS_PID: 19,
  IFALIAS: 20,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
  AF_SPEC: 26,
} as const;
export const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;
export const IFLA_BRPORT = {
  STATE: 1,
  LEARNING: 8,
  UNICAST_FLOOD: 9,
  PROXYARP: 10,
  PROXYARP_WIFI: 12,
  ISOLATED: 33,
  LOCKED: 39,
} as const;
export const VETH_INFO_PEER = 1;
export const IFLA_BR = { FORWARD_DELAY: 1, STP_STATE: 5, MCAST_SNOOPING: 23 } as const;
export const IFLA_INET6_ADDR_GEN_MODE = 8;
export const IN6_ADDR_GEN_MODE_NONE = 1;

export const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, FLAGS: 8 } as const;
export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, METRICS: 8, TABLE: 15 } as const;
/** include/uapi/linux/rtnetlink.h, pkt_sched.h */
export const TCA = { KIND: 1, OPTIONS: 2 } as const;
export const TCA_TBF = { PARMS: 1, RATE64: 4, BURST: 6 } as const;
/** Within RTA_METRICS. */
export const RTAX_MTU = 2;
export const NDA = { DST: 1, LLADDR: 2, IFINDEX: 8, MASTER: 9 } as const;

/** include/uapi/linux/if_bridge.h */
export const BR_STATE_FORWARDING = 3;

export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;
/** Of an address of 4 or 16 bytes. */
export const familyOf = ({ length }: { readonly length: number }): number => (length === 4 ? AF_INET : AF_INET6);
export const IFF_UP = 1;
/** No duplicate address detection. */
export const IFA_F_NODAD = 0x02;
/** IFLA_EXT_MASK: links are described without their statistics. */
export const RTEXT_FILTER_SKIP_STATS = 8;
export const RT_TABLE_MAIN = 254;
export const RTPROT_KERNEL = 2;
export const RTPROT_BOOT = 3;
export const RTPROT_STATIC = 4;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RTN_UNICAST = 1;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
export const NTF_MASTER = 0x04;
export const NTF_STICKY = 0x40;
