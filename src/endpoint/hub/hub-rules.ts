import type { SetElements } from '../../kernel/nftables/elements.js';
import { macText } from '../plan.js';
import { HUB_UPLINK } from './hub-names.js';

/** The one table that netnsd has in a hub, of the family bridge; a hub is netnsd's own, so no other name need be avoided. */
export const HUB_TABLE = 'netnsd';

export interface HubRules {
  /** Whether the hub has endpoints that send from their own addresses only. */
  readonly antiSpoof: boolean;
  /** Null: no endpoint of the pool has IPv6. */
  readonly ipv6: Ipv6Rules | null;
  /** Endpoints that reach those of their tenant alone; null: all reach each other. */
  readonly members: readonly Member[] | null;
}

/** An endpoint's MAC, and the number of its tenant, which is not 0. */
export interface Member {
  readonly mac: readonly number[];
  readonly tenant: number;
}

export interface Ipv6Rules {
  readonly gatewayMac: readonly number[];
  /** Networks of 96 bits that endpoints have addresses of. */
  readonly prefixes: readonly string[];
}

/** Pairs of equal bytes: nftables compares what it reads with constants and sets, and not with something else that it reads. */
const EQUAL_BYTES = Array.from({ length: 256 }, (_, byte) => `${byte} . ${byte}`).join(', ');
/** Bits from the start of the link header, and of the network header. */
const [SOURCE_MAC, IP_SOURCE, IPV6_SOURCE_END, ARP_SENDER_MAC, ARP_SENDER_ADDRESS] = [48, 96, 160, 64, 112];
/** From the start of the transport header: the last four bytes of the address that ND speaks of (RFC 4861, 4.3 and 4.4). */
const ND_TARGET_END = 160;
/** A container's MAC is 0a:58 and its address. */
const [MAC_PREFIX_BITS, ADDRESS_BYTES] = [16, 4];
/** Ethernet and IPv4, with addresses of 6 and 4 bytes. */
const ARP_OF_IPV4 = '@nh,0,48 0x000108000604';

/**
 * The table as a script for nft(8) that replaces what is there, in one transaction; null: none is needed. The rules are the same for every
 * hub, whatever the number of its endpoints. Pure.
 *
 * guard: what comes out of an endpoint is IPv4 or ARP, without a VLAN tag, and bears the address that its source MAC ends with, which is
 * the port's own since the port is locked; DHCP answers are the gateway's to give. All else is dropped, but for IPv6 of a pool that has it.
 *
 * solicitations: a neighbour solicitation gets the MAC of the endpoint that is asked for as its destination: nothing is flooded, and no entry is
 * needed for each endpoint. (A bridge's neigh_suppress answers only ports that do not have it about ports that do.) Router advertisements,
 * redirects and MLD reports are dropped.
 *
 * tenants: what passes between endpoints is of one tenant. A frame is marked with the number of its sender's, which no frame is when it
 * comes in, since marks do not leave a namespace.
 */
export function hubRules({ antiSpoof, ipv6, members }: HubRules): string | null {
  const chains = [
    ...(antiSpoof ? [guard(ipv6)] : []),
    ...(ipv6 === null ? [] : [solicitations(ipv6)]),
    ...(members === null ? [] : [tenants(members)]),
  ];
  return chains.length === 0 ? null : `${REMOVAL}table bridge ${HUB_TABLE} {\n${chains.join('')}}\n`;
}

function guard(ipv6: Ipv6Rules | null): string {
  return `  set equal { typeof @ll,0,8 . @nh,0,8; flags constant; elements = { ${EQUAL_BYTES} } }
  chain guard {
    type filter hook prerouting priority -300; policy drop;
    iifname "${HUB_UPLINK}" accept
    ether type ip udp sport 67 udp dport 68 counter drop
    ether type ip ${endsOfMac(IP_SOURCE)} accept
    ether type arp ${ARP_OF_IPV4} @nh,${ARP_SENDER_MAC},16 0x0a58 ${endsOfMac(ARP_SENDER_MAC + MAC_PREFIX_BITS)} ${endsOfMac(ARP_SENDER_ADDRESS)} accept
${ipv6 === null ? '' : ipv6Sources(ipv6)}    counter drop
  }
`;
}

/** From an address of the pool or of the link that ends as the MAC does; what is told of an address, by the one who has it only. */
function ipv6Sources({ prefixes }: Ipv6Rules): string {
  const own = `ip6 saddr { ${[...prefixes, 'fe80::/96'].join(', ')} } ${endsOfMac(IPV6_SOURCE_END)}`;
  return `    icmpv6 type { nd-router-advert, nd-redirect } counter drop
    ether type ip6 udp sport 547 udp dport 546 counter drop
    icmpv6 type nd-neighbor-advert ${own} ${endsOfMac(ND_TARGET_END, 'th')} accept
    icmpv6 type nd-neighbor-advert counter drop
    ether type ip6 ${own} accept
`;
}

/** A question for an address, to all who may have it (RFC 2464, 7). */
const QUESTION = '@ll,0,16 0x3333 icmpv6 type nd-neighbor-solicit';
const CHATTER =
  'nd-router-solicit, nd-router-advert, nd-redirect, mld-listener-report, mld2-listener-report, mld-listener-done';

/** An address ends as its MAC does, and that of the gateway with 1. */
function solicitations({ gatewayMac }: Ipv6Rules): string {
  return `  chain solicitations {
    type filter hook prerouting priority -290; policy accept;
    icmpv6 type { ${CHATTER} } drop
    ${QUESTION} @th,${ND_TARGET_END},32 1 ether daddr set ${macText(gatewayMac)} accept
    ${QUESTION} @ll,0,16 set 0x0a58 @ll,16,32 set @th,${ND_TARGET_END},32
  }
`;
}

/** The number of a sender's tenant, and who is of which tenant. */
const [TENANTS, MEMBERS] = ['tenants', 'members'];

function tenants(members: readonly Member[]): string {
  const numbers = members.map(({ mac, tenant }) => `${macText(mac)} : ${tenant}`);
  const pairs = members.map(({ mac, tenant }) => `${macText(mac)} . ${tenant}`);
  return `  map ${TENANTS} { type ether_addr : mark; ${listed(numbers)}}
  set ${MEMBERS} { type ether_addr . mark; ${listed(pairs)}}
  chain tenants {
    type filter hook forward priority -200; policy drop;
    iifname "${HUB_UPLINK}" accept
    oifname "${HUB_UPLINK}" accept
    meta mark set ether saddr map @${TENANTS}
    ether daddr . meta mark @${MEMBERS} accept
    counter drop
  }
`;
}

/** nft takes no empty list. */
function listed(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `elements = { ${elements.join(', ')} } `;
}

/** The same as elements of the two sets, for a change: numbers are in the host's order, and each field has whole words. */
export function memberElements(members: readonly Member[]): SetElements[] {
  const elements = members.map(({ mac, tenant }) => ({
    mac,
    number: [...new Uint8Array(Uint32Array.of(tenant).buffer)],
  }));
  return [
    { table: HUB_TABLE, set: TENANTS, elements: elements.map(({ mac, number }) => ({ key: mac, data: number })) },
    {
      table: HUB_TABLE,
      set: MEMBERS,
      elements: elements.map(({ mac, number }) => ({ key: [...mac, 0, 0, ...number] })),
    },
  ];
}

/** Removes the table, whether or not it is there. */
const REMOVAL = `add table bridge ${HUB_TABLE}\ndelete table bridge ${HUB_TABLE}\n`;

export function removeHubRules(): string {
  return REMOVAL;
}

/** Whether the four bytes at this place of the network header, or the transport header, are the last four of the source MAC. */
function endsOfMac(place: number, header: 'nh' | 'th' = 'nh'): string {
  const bytes = Array.from({ length: ADDRESS_BYTES }, (_, byte) => byte * 8);
  return bytes
    .map((bit) => `@ll,${SOURCE_MAC + MAC_PREFIX_BITS + bit},8 . @${header},${place + bit},8 @equal`)
    .join(' ');
}
