import { Flags, FlagsAck, FlagsGet, FlagsNew, MessageType, Protocol } from 'netlink/dist/constants.js';

/** NETLINK_… of netlink(7): what a socket is for. */
export const NETLINK_PROTOCOL = {
  route: Protocol.ROUTE,
  xfrm: Protocol.XFRM,
  netfilter: Protocol.NETFILTER,
  generic: Protocol.GENERIC,
} as const;

/** Flags of a message's header; netlink(7). */
export const NLM_F = {
  REQUEST: Flags.REQUEST,
  ACK: Flags.ACK,
  ECHO: Flags.ECHO,
  DUMP: FlagsGet.DUMP,
  DUMP_INTR: Flags.DUMP_INTR,
  REPLACE: FlagsNew.REPLACE,
  EXCL: FlagsNew.EXCL,
  CREATE: FlagsNew.CREATE,
  APPEND: FlagsNew.APPEND,
  /** Of an error: the request is not repeated in it. */
  CAPPED: FlagsAck.CAPPED,
  /** Of an error: attributes of an extended acknowledgement follow. */
  ACK_TLVS: FlagsAck.ACK_TLVS,
} as const;

/** Types of messages that belong to no protocol. */
export const NLMSG = { ERROR: MessageType.ERROR, DONE: MessageType.DONE } as const;
export const HEADER_BYTES = 16;
