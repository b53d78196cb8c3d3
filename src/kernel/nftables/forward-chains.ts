import { listAttributes, readAttributes, readString } from '../netlink/message-reader.js';
import { NetlinkSocket } from '../netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';

/** A chain that sees what the host forwards, and what the rules of its table let through. */
export interface ForwardChain {
  readonly family: 'ip' | 'ip6' | 'inet' | 'bridge';
  readonly table: string;
  readonly chain: string;
  /** What becomes of a packet that no rule decides on. */
  readonly policy: 'accept' | 'drop';
  readonly passes: readonly Pass[];
}

/** A rule that does not drop what it matches. */
export type Pass =
  /** `nbdf5c-xiob.0`, or `nb*` for every name that starts so. */
  | { readonly link: string }
  /** Leading bytes of a source or destination address, under a mask of the same length. */
  | { readonly family: 'ip' | 'ip6'; readonly address: readonly number[]; readonly mask: readonly number[] };

/** include/uapi/linux/netfilter/nf_tables.h; NFNL_SUBSYS_NFTABLES is 10. */
const NFT_MSG = { GETCHAIN: 0xa04, GETRULE: 0xa07 } as const;
const NFTA_CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5 } as const;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_RULE = { TABLE: 1, EXPRESSIONS: 4 } as const;
const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
const NFTA_META_KEY = 2;
const NFTA_PAYLOAD = { BASE: 2, OFFSET: 3 } as const;
const NFTA_BITWISE_MASK = 4;
const NFTA_CMP = { OP: 2, DATA: 3 } as const;
const NFTA_IMMEDIATE_DATA = 2;
const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;
const NFTA_VERDICT_CODE = 1;
const [IIFNAME, OIFNAME] = [6, 7];
const NETWORK_HEADER = 1;
/** Of struct iphdr and struct ipv6hdr: source and destination. */
const ADDRESS_FAMILIES: Readonly<Record<number, 'ip' | 'ip6'>> = { 12: 'ip', 16: 'ip', 8: 'ip6', 24: 'ip6' };
const NF_DROP = 0;
/** NF_INET_FORWARD and NF_BR_FORWARD are the same. */
const FORWARD = 2;
const FAMILIES: Readonly<Record<number, ForwardChain['family']>> = { 1: 'inet', 2: 'ip', 7: 'bridge', 10: 'ip6' };
const HEADER_BYTES = 4;

/**
 * `nft list chains` and the rules of their tables, of the calling thread's namespace, for IP and bridges. Throws
 * kernel_error (EPERM without CAP_NET_ADMIN). The kernel may load nf_tables for the answer.
 */
export function listForwardChains(): ForwardChain[] {
  using socket = NetlinkSocket.open({ protocol: NETLINK_PROTOCOL.netfilter });
  const list = (operation: string, type: number): readonly Buffer[] => socket.dumpNow(question(operation, type));
  const rules = list('list nftables rules', NFT_MSG.GETRULE);
  return list('list nftables chains', NFT_MSG.GETCHAIN).flatMap((payload) => parseChain(payload, rules));
}

function question(operation: string, type: number): Request {
  return { operation, type, flags: 0, write: (writer) => writer.bytes(new Uint8Array(HEADER_BYTES)) };
}

function parseChain(payload: Buffer, rules: readonly Buffer[]): ForwardChain[] {
  const family = FAMILIES[payload.readUInt8(0)];
  const attributes = readAttributes(payload.subarray(HEADER_BYTES));
  const hook = attributes.get(NFTA_CHAIN.HOOK);
  if (family === undefined || hook === undefined) return [];
  if (readAttributes(hook).get(NFTA_HOOK_HOOKNUM)?.readUInt32BE(0) !== FORWARD) return [];
  const table = readString(attributes.get(NFTA_CHAIN.TABLE)) ?? '';
  const passes = rules
    .filter((rule) => rule[0] === payload[0] && tableOf(rule) === table)
    .flatMap((rule) => passesOf(rule));
  const policy = attributes.get(NFTA_CHAIN.POLICY)?.readUInt32BE(0) === NF_DROP ? 'drop' : 'accept';
  return [{ family, table, chain: readString(attributes.get(NFTA_CHAIN.NAME)) ?? '', policy, passes }];
}

function tableOf(rule: Buffer): string | undefined {
  return readString(readAttributes(rule.subarray(HEADER_BYTES)).get(NFTA_RULE.TABLE));
}

/** What a rule compares and lets by. Sets, maps and what else a rule may look at are not understood. */
function passesOf(rule: Buffer): Pass[] {
  const expressions = readAttributes(rule.subarray(HEADER_BYTES)).get(NFTA_RULE.EXPRESSIONS);
  if (expressions === undefined) return [];
  const passes: Pass[] = [];
  let subject: 'link' | 'ip' | 'ip6' | null = null;
  let mask: Buffer | undefined;
  for (const element of listAttributes(expressions)) {
    const attributes = readAttributes(element);
    const data = readAttributes(attributes.get(NFTA_EXPR.DATA) ?? Buffer.alloc(0));
    const number = (type: number): number | undefined => data.get(type)?.readUInt32BE(0);
    const inner = (type: number): Map<number, Buffer> => readAttributes(data.get(type) ?? Buffer.alloc(0));
    switch (readString(attributes.get(NFTA_EXPR.NAME))) {
      case 'meta':
        subject = [IIFNAME, OIFNAME].includes(number(NFTA_META_KEY) ?? -1) ? 'link' : null;
        mask = undefined;
        break;
      case 'payload': {
        const family = ADDRESS_FAMILIES[number(NFTA_PAYLOAD.OFFSET) ?? -1] ?? null;
        subject = number(NFTA_PAYLOAD.BASE) === NETWORK_HEADER ? family : null;
        mask = undefined;
        break;
      }
      case 'bitwise':
        mask = inner(NFTA_BITWISE_MASK).get(NFTA_DATA.VALUE);
        break;
      case 'cmp': {
        const value = inner(NFTA_CMP.DATA).get(NFTA_DATA.VALUE);
        if (value === undefined || number(NFTA_CMP.OP) !== 0) break;
        if (subject === 'link') passes.push({ link: linkPattern(value) });
        if (subject === 'ip' || subject === 'ip6')
          passes.push({ family: subject, address: [...value], mask: [...(mask ?? Buffer.alloc(value.length, 255))] });
        break;
      }
      case 'immediate': {
        const verdict = inner(NFTA_IMMEDIATE_DATA).get(NFTA_DATA.VERDICT);
        if (verdict !== undefined && readAttributes(verdict).get(NFTA_VERDICT_CODE)?.readInt32BE(0) === NF_DROP)
          return [];
        break;
      }
    }
  }
  return passes;
}

/** A whole name is compared with its end, the start of one without. */
function linkPattern(value: Buffer): string {
  return value.includes(0) ? (readString(value) ?? '') : `${value.toString('latin1')}*`;
}
