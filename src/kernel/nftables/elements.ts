import { isNotFound } from '../errno.js';
import { readAttributes } from '../netlink/message-reader.js';
import type { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';

/** NFNL_SUBSYS_NFTABLES of include/uapi/linux/netfilter/nfnetlink.h */
const SUBSYSTEM = 10;
/** include/uapi/linux/netfilter/nf_tables.h */
const NFT_MSG = { GETTABLE: 0xa01, NEWSETELEM: 0xa0c, DELSETELEM: 0xa0e, GETGEN: 0xa10 } as const;
const NFTA_TABLE_NAME = 1;
const NFTA_GEN_ID = 1;
const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM = { KEY: 1, DATA: 2 } as const;
const NFTA_DATA_VALUE = 1;
/** struct nfgenmsg: family, version, resource. */
const NFPROTO_BRIDGE = 7;
const HEADER = [NFPROTO_BRIDGE, 0, 0, 0];

/** An element of a set or map: both parts as they lie in registers, four bytes each. */
export interface SetElement {
  readonly key: readonly number[];
  readonly data?: readonly number[];
}

/** Elements of one set of a table of the family bridge. */
export interface SetElements {
  readonly table: string;
  readonly set: string;
  readonly elements: readonly SetElement[];
}

/** `nft add element bridge TABLE SET { … }`; part of a transaction. What is there already counts as done. */
export function addElements(options: SetElements): Request {
  return elementRequest('add', NFT_MSG.NEWSETELEM, NLM_F.CREATE, options);
}

/** `nft delete element bridge TABLE SET { … }`; part of a transaction, which fails where one is not there. */
export function deleteElements(options: SetElements): Request {
  return elementRequest('delete', NFT_MSG.DELSETELEM, 0, options);
}

/**
 * Carries out requests as one transaction, all or nothing, if the rules of the namespace are still those of `generation`; false where
 * nothing was done. The generation then is the next one.
 */
export function transactIfUnchanged(socket: NetlinkSocket, requests: readonly Request[], generation: number): boolean {
  return socket.transactTogether(requests, { subsystem: SUBSYSTEM, generation }).every(({ ok }) => ok);
}

/** The number of the last change of any rule in the socket's namespace: each transaction counts one. Throws kernel_error. */
export function generationOf(socket: NetlinkSocket): number {
  const [reply] = socket.request({
    operation: 'read the generation of the nftables rules',
    type: NFT_MSG.GETGEN,
    flags: 0,
    write: (writer) => writer.bytes(HEADER),
  });
  return (
    readAttributes((reply ?? Buffer.alloc(HEADER.length)).subarray(HEADER.length))
      .get(NFTA_GEN_ID)
      ?.readUInt32BE(0) ?? 0
  );
}

/** The number after this one; 0 is none. */
export function nextGeneration(generation: number): number {
  return (generation + 1) >>> 0 || 1;
}

/** Whether there is a table of the family bridge by this name. Throws kernel_error. */
export function hasBridgeTable(socket: NetlinkSocket, table: string): boolean {
  const [outcome] = socket.transact([
    {
      operation: `look for table ${table}`,
      type: NFT_MSG.GETTABLE,
      flags: 0,
      write(writer) {
        writer.bytes(HEADER);
        writer.string(NFTA_TABLE_NAME, table);
      },
    },
  ]);
  if (outcome?.ok === false && !isNotFound(outcome.error)) throw outcome.error;
  return outcome?.ok === true;
}

function elementRequest(act: string, type: number, flags: number, { table, set, elements }: SetElements): Request {
  return {
    operation: () => `${act} ${elements.length} elements of ${set} in table ${table}`,
    type,
    flags,
    write(writer) {
      writer.bytes(HEADER);
      writer.string(NFTA_SET_ELEM_LIST.TABLE, table);
      writer.string(NFTA_SET_ELEM_LIST.SET, set);
      writer.nested(NFTA_SET_ELEM_LIST.ELEMENTS, () => {
        for (const { key, data } of elements)
          writer.nested(NFTA_LIST_ELEM, () => {
            writer.nested(NFTA_SET_ELEM.KEY, () => writer.attribute(NFTA_DATA_VALUE, key));
            if (data !== undefined) writer.nested(NFTA_SET_ELEM.DATA, () => writer.attribute(NFTA_DATA_VALUE, data));
          });
      });
    },
  };
}
