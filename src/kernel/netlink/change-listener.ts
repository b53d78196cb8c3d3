import { loadProgram, PROGRAM_TYPE } from '../bpf/bpf.js';
import { and, assemble, exit, loadPacket, move, set, skipIfEqual } from '../bpf/bpf-instructions.js';
import { errnoOf, kernelError } from '../errno.js';
import { areDescriptorsLeft, closeFd, joinGroups, openNetlink, receiveDatagram, setIntegerOption } from '../libc.js';

/** RTNLGRP_… of include/uapi/linux/rtnetlink.h that announce a change, not a flow of traffic or a query. */
const ROUTE_GROUPS = {
  link: 1,
  neigh: 3,
  tc: 4,
  ipv4Address: 5,
  ipv4MulticastRoute: 6,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Address: 9,
  ipv6MulticastRoute: 10,
  ipv6Route: 11,
  ipv6AddressInfo: 12,
  ipv6Prefix: 18,
  ipv6Rule: 19,
  phonetAddress: 21,
  phonetRoute: 22,
  dcb: 23,
  ipv4Netconf: 24,
  ipv6Netconf: 25,
  mdb: 26,
  mplsRoute: 27,
  namespaceId: 28,
  mplsNetconf: 29,
  nexthop: 32,
} as const;
const GROUP_MASK = maskOf(Object.values(ROUTE_GROUPS));
const BRIDGE_MASK = maskOf([ROUTE_GROUPS.link, ROUTE_GROUPS.neigh, ROUTE_GROUPS.tc]);
/**
 * A group beyond the 32 of the address: hardware statistics. Each that is joined has the kernel walk all listeners once more, so those
 * of VLANs of bridges and VNIs of tunnels are not: who adds the bridge or the tunnel is heard.
 */
const STATISTICS_GROUP = 36;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_BPF = 50;
const EMFILE = 24;

/** RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH as two bytes of the packet, read in network byte order. */
const NEIGHBOUR_TYPES = [0x1c00, 0x1d00, 0x1e00] as const;
/** NUD_PERMANENT of ndm_state, likewise. */
const PERMANENT = 0x8000;
const AT = { type: 4, neighbourState: 16 + 8, neighbourFlags: 16 + 10 } as const;
const KEEP = 0x7fff_ffff;

/** What a listener has heard since it began. */
export type Heard =
  | { readonly what: 'nothing' }
  /** More was announced than the socket had room for. */
  | { readonly what: 'lost' }
  /** The first message: RTM_… type. */
  | { readonly what: 'change'; readonly type: number };

/**
 * The filter that all listeners share: neighbours come and go with ordinary traffic, so their events count only for
 * entries that were set by hand (permanent, or with a flag such as proxy). Refused events are never queued: a chatty
 * container costs no memory and overflows no buffer. Throws kernel_error; the caller closes the descriptor.
 */
export function loadNeighbourFilter(): number {
  const drop = [set(0, 0), exit];
  const keep = [set(0, KEEP), exit];
  const instructions = [
    move(6, 1),
    loadPacket('u16', AT.type),
    skipIfEqual(0, NEIGHBOUR_TYPES[0], 4),
    skipIfEqual(0, NEIGHBOUR_TYPES[1], 3),
    skipIfEqual(0, NEIGHBOUR_TYPES[2], 2),
    ...keep,
    loadPacket('u8', AT.neighbourFlags),
    skipIfEqual(0, 0, 2),
    ...keep,
    loadPacket('u16', AT.neighbourState),
    and(0, PERMANENT),
    skipIfEqual(0, 0, 2),
    ...keep,
    ...drop,
  ];
  return loadProgram({
    type: PROGRAM_TYPE.socketFilter,
    name: 'netnsd_seal',
    instructions: assemble(instructions),
  });
}

/**
 * A socket that hears every change of links, addresses, routes, rules, nexthops, tc, neighbours set by hand and
 * forwarding switches in the network namespace in which it was opened; rtnetlink(7). It is read on request, and
 * costs about 3.3 KB of kernel memory meanwhile.
 */
export class ChangeListener {
  readonly #fd: number;
  #open = true;

  /**
   * Opens one in the namespace of the calling thread; it hears nothing before `listen`. Throws kernel_error, with EMFILE also where
   * fewer than `spareDescriptors` would be left to the process.
   */
  static open({ spareDescriptors = 0 } = {}): ChangeListener {
    const fd = openNetlink(NETLINK_ROUTE);
    if (areDescriptorsLeft(fd, spareDescriptors)) return new ChangeListener(fd);
    closeFd(fd);
    throw kernelError({ operation: `keep ${spareDescriptors} descriptors free`, errno: EMFILE });
  }

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** From now on changes are heard. */
  listen(filterFd: number): void {
    const fd = this.#fd;
    setIntegerOption({ fd, level: SOL_SOCKET, name: SO_ATTACH_BPF, value: filterFd });
    joinGroups(fd, GROUP_MASK);
    join(fd, STATISTICS_GROUP);
  }

  /**
   * From now on all changes of links, bridge ports, neighbours, forwarding entries and queueing disciplines are heard. The socket has
   * room for one message: it tells that something changed, and not what.
   */
  listenToBridge(): void {
    setIntegerOption({ fd: this.#fd, level: SOL_SOCKET, name: SO_RCVBUF, value: 1 });
    joinGroups(this.#fd, BRIDGE_MASK);
  }

  /** What was announced since `listen`, or since this was last asked. */
  heard(): Heard {
    const header = Buffer.alloc(16);
    try {
      return receiveDatagram(this.#fd, header) === undefined
        ? { what: 'nothing' }
        : { what: 'change', type: header.readUInt16LE(4) };
    } catch (error) {
      if (errnoOf(error) === 'ENOBUFS') return { what: 'lost' };
      throw error;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#fd);
  }
}

function maskOf(groups: readonly number[]): number {
  return groups.reduce((mask, group) => mask | (1 << (group - 1)), 0) >>> 0;
}

/** A group that this kernel does not know announces nothing. */
function join(fd: number, group: number): void {
  try {
    setIntegerOption({ fd, level: SOL_NETLINK, name: NETLINK_ADD_MEMBERSHIP, value: group });
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
  }
}
