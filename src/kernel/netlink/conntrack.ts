import { errnoOf, isNotFound } from '../errno.js';
import { readAttributes } from './message-reader.js';
import type { NetlinkSocket } from './netlink-socket.js';
import type { Request } from './request.js';

/** include/uapi/linux/netfilter/nfnetlink_conntrack.h; subsystem NFNL_SUBSYS_CTNETLINK is 1. */
const IPCTNL = { GET: 0x101, DELETE: 0x102, GET_STATS: 0x105 } as const;
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, ID: 12, ZONE: 18 } as const;
const CTA_TUPLE_IP = 1;
/** CTA_IP_V4_SRC, CTA_IP_V4_DST, CTA_IP_V6_SRC, CTA_IP_V6_DST */
const CTA_IP = [1, 2, 3, 4] as const;
const CTA_STATS_GLOBAL_ENTRIES = 1;
const AF_UNSPEC = 0;
const NFGENMSG_BYTES = 4;
const header = (family: number): Uint8Array => Uint8Array.of(family, 0, 0, 0);

/**
 * `conntrack -D` for every entry that speaks of one of `addresses` (4 or 16 bytes each), on either side, in the namespace of the
 * socket, which is of protocol NETLINK_NETFILTER. One walk serves all addresses, and an empty table costs one question.
 * Throws kernel_error.
 */
export async function forgetConnections(
  socket: NetlinkSocket,
  addresses: readonly (readonly number[])[],
): Promise<number> {
  if (addresses.length === 0) return 0;
  const wanted = new Set(addresses.map((address) => Buffer.from(address).toString('hex')));
  return forgetConnectionsOf(socket, (address) => wanted.has(address.toString('hex')));
}

/** The same for every address that `matches` accepts, 4 or 16 bytes in network order. */
export async function forgetConnectionsOf(
  socket: NetlinkSocket,
  matches: (address: Buffer) => boolean,
): Promise<number> {
  if ((await countConnections(socket)) === 0) return 0;
  const entries = await socket.dump({
    operation: 'list tracked connections',
    type: IPCTNL.GET,
    flags: 0,
    write: (writer) => writer.bytes(header(AF_UNSPEC)),
  });
  const matching = entries.filter((entry) => hasAddress(entry, matches));
  const outcomes = await socket.transact(matching.map(deletion));
  for (const outcome of outcomes) if (!outcome.ok && !isNotFound(outcome.error)) throw outcome.error;
  return matching.length;
}

/** How many connections this namespace tracks; 0 where the kernel tracks none at all. */
async function countConnections(socket: NetlinkSocket): Promise<number> {
  const [outcome] = await socket.transact([
    {
      operation: 'count tracked connections',
      type: IPCTNL.GET_STATS,
      flags: 0,
      write: (writer) => writer.bytes(header(0)),
    },
  ]);
  if (outcome === undefined) return 0;
  if (!outcome.ok) {
    if (errnoOf(outcome.error) === 'EINVAL' || errnoOf(outcome.error) === 'EOPNOTSUPP') return 0;
    throw outcome.error;
  }
  const [reply] = outcome.replies;
  return reply === undefined
    ? 0
    : (readAttributes(reply.subarray(NFGENMSG_BYTES)).get(CTA_STATS_GLOBAL_ENTRIES)?.readUInt32BE(0) ?? 0);
}

function hasAddress(entry: Buffer, matches: (address: Buffer) => boolean): boolean {
  const attributes = readAttributes(entry.subarray(NFGENMSG_BYTES));
  return [CTA.TUPLE_ORIG, CTA.TUPLE_REPLY].some((side) => {
    const ip = readAttributes(
      readAttributes(attributes.get(side) ?? Buffer.alloc(0)).get(CTA_TUPLE_IP) ?? Buffer.alloc(0),
    );
    return CTA_IP.some((end) => {
      const address = ip.get(end);
      return address !== undefined && matches(address);
    });
  });
}

/** By tuple, zone and id: another connection of the same tuple that began meanwhile stays. */
function deletion(entry: Buffer): Request {
  const attributes = readAttributes(entry.subarray(NFGENMSG_BYTES));
  return {
    operation: 'forget a tracked connection',
    type: IPCTNL.DELETE,
    flags: 0,
    write(writer) {
      writer.bytes(header(entry.readUInt8(0)));
      for (const type of [CTA.TUPLE_ORIG, CTA.ZONE, CTA.ID]) {
        const value = attributes.get(type);
        if (value !== undefined) writer.attribute(type === CTA.TUPLE_ORIG ? type | 0x8000 : type, value);
      }
    },
  };
}
