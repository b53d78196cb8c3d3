import { isNotFound } from '../errno.js';
import { listAttributes, readAttributes } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';

/** include/uapi/linux/netfilter/nf_tables.h; NFNL_SUBSYS_NFTABLES is 10. */
const NFT_MSG_GETSETELEM = 0xa0d;
const LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
const ELEMENT = { KEY: 1, DATA: 2 } as const;
const DATA_VALUE = 1;
const NFPROTO_INET = 1;
const HEADER_BYTES = 4;

/** Each part of a concatenation fills a multiple of four bytes. */
export interface MapElement {
  readonly key: Buffer;
  readonly data: Buffer;
}

/**
 * `nft list map inet TABLE MAP`, on a socket of protocol NETLINK_NETFILTER; none where there is no such map. Throws kernel_error.
 */
export function listMapElements(
  socket: NetlinkSocket,
  { table, map }: { table: string; map: string },
): readonly MapElement[] {
  try {
    const replies = socket.dumpNow({
      operation: () => `list the map ${map} of the nftables table ${table}`,
      type: NFT_MSG_GETSETELEM,
      flags: 0,
      write(writer) {
        writer.bytes([NFPROTO_INET, 0, 0, 0]);
        writer.string(LIST.TABLE, table);
        writer.string(LIST.SET, map);
      },
    });
    return replies.flatMap(parseElements);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function parseElements(payload: Buffer): MapElement[] {
  const list = readAttributes(payload.subarray(HEADER_BYTES)).get(LIST.ELEMENTS);
  return listAttributes(list ?? Buffer.alloc(0)).flatMap((element) => {
    const attributes = readAttributes(element);
    const [key, data] = [ELEMENT.KEY, ELEMENT.DATA].map((type) =>
      readAttributes(attributes.get(type) ?? Buffer.alloc(0)).get(DATA_VALUE),
    );
    return key === undefined || data === undefined ? [] : [{ key, data }];
  });
}
