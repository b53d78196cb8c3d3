import { errnoOf } from '../errno.js';
import { closeAnyway, joinGroups, openNetlink, receiveDatagram } from '../libc.js';
import { readAttributes, readString } from '../netlink/message-reader.js';
import { HEADER_BYTES, NETLINK_PROTOCOL } from '../netlink/protocol.js';

/** NFNLGRP_NFTABLES of include/uapi/linux/netfilter/nfnetlink.h is 7. */
const GROUP_MASK = 1 << (7 - 1);
/** struct nfgenmsg */
const FAMILY_BYTES = 4;
/** NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE and NFTA_SET_ELEM_LIST_TABLE are all 1. */
const TABLE = 1;
/** NFTA_SET_ELEM_LIST_SET */
const SET = 2;
/** NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM */
const ELEMENTS: ReadonlySet<number> = new Set([12, 14]);
const SUBSYSTEM_NFTABLES = 10;
/** NFT_MSG_NEWGEN, whose first attribute is a number. */
const NEWGEN = 15;
const BUFFER_BYTES = 1 << 16;

export type TableChange = 'nothing' | 'elements' | 'rules';

/** Watches one table of nftables for changes, by this process or others, in the network namespace in which it was opened. */
export class TableWatch implements Disposable {
  readonly #fd: number;
  readonly #table: string;
  readonly #maps: ReadonlySet<string>;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);

  /** `maps`: those to which others write elements. Throws kernel_error. */
  constructor(table: string, maps: readonly string[] = []) {
    this.#table = table;
    this.#maps = new Set(maps);
    this.#fd = openNetlink(NETLINK_PROTOCOL.netfilter);
    try {
      joinGroups(this.#fd, GROUP_MASK);
    } catch (error) {
      closeAnyway(this.#fd);
      throw error;
    }
  }

  /**
   * What was changed of the table since the last call, or may have been: more was announced than the socket had room for. `elements`: nothing but
   * elements of the maps that others write to.
   */
  changed(): TableChange {
    let change: TableChange = 'nothing';
    for (;;) {
      const length = this.#receive();
      if (length === undefined) return change;
      const found = length === 'lost' ? 'rules' : this.#concerns(this.#buffer.subarray(0, length));
      if (found === 'rules' || change === 'nothing') change = found;
    }
  }

  [Symbol.dispose](): void {
    closeAnyway(this.#fd);
  }

  #receive(): number | 'lost' | undefined {
    try {
      return receiveDatagram(this.#fd, this.#buffer);
    } catch (error) {
      if (errnoOf(error) === 'ENOBUFS') return 'lost';
      throw error;
    }
  }

  #concerns(datagram: Buffer): TableChange {
    let change: TableChange = 'nothing';
    for (let at = 0; at + HEADER_BYTES + FAMILY_BYTES <= datagram.length; ) {
      const length = datagram.readUInt32LE(at);
      if (length < HEADER_BYTES + FAMILY_BYTES) return change;
      const isRule = datagram[at + 5] === SUBSYSTEM_NFTABLES && datagram[at + 4] !== NEWGEN;
      const attributes = datagram.subarray(at + HEADER_BYTES + FAMILY_BYTES, at + length);
      if (isRule && readString(readAttributes(attributes).get(TABLE)) === this.#table) {
        if (!this.#isOthers(datagram[at + 4] ?? 0, attributes)) return 'rules';
        change = 'elements';
      }
      at += (length + 3) & ~3;
    }
    return change;
  }

  #isOthers(type: number, attributes: Buffer): boolean {
    return ELEMENTS.has(type) && this.#maps.has(readString(readAttributes(attributes).get(SET)) ?? '');
  }
}
