import { HUB_UPLINK } from './hub-names.js';

/** The one table that netnsd has in a hub, of the family bridge; a hub is netnsd's own, so no other name need be avoided. */
export const HUB_TABLE = 'netnsd';

export interface HubRules {
  /** Whether the hub has endpoints that send from their own addresses only. */
  readonly antiSpoof: boolean;
}

/** Pairs of equal bytes: nftables compares what it reads with constants and sets, and not with something else that it reads. */
const EQUAL_BYTES = Array.from({ length: 256 }, (_, byte) => `${byte} . ${byte}`).join(', ');
/** Bits from the start of the link header, and of the network header. */
const [SOURCE_MAC, IP_SOURCE, ARP_SENDER_MAC, ARP_SENDER_ADDRESS] = [48, 96, 64, 112];
/** A container's MAC is 0a:58 and its address. */
const [MAC_PREFIX_BITS, ADDRESS_BYTES] = [16, 4];
/** Ethernet and IPv4, with addresses of 6 and 4 bytes. */
const ARP_OF_IPV4 = '@nh,0,48 0x000108000604';

/**
 * The table as a script for nft(8) that replaces what is there, in one transaction; null: none is needed. The rules are the same for every
 * hub, whatever the number of its endpoints. Pure.
 *
 * guard: what comes out of an endpoint is IPv4 or ARP, without a VLAN tag, and bears the address that its source MAC ends with, which is
 * the port's own since the port is locked; DHCP answers are the gateway's to give. All else is dropped.
 */
export function hubRules({ antiSpoof }: HubRules): string | null {
  if (!antiSpoof) return null;
  return `${REMOVAL}table bridge ${HUB_TABLE} {
  set equal { typeof @ll,0,8 . @nh,0,8; flags constant; elements = { ${EQUAL_BYTES} } }
  chain guard {
    type filter hook prerouting priority -300; policy drop;
    iifname "${HUB_UPLINK}" accept
    ether type ip udp sport 67 udp dport 68 counter drop
    ether type ip ${endsOfMac(IP_SOURCE)} accept
    ether type arp ${ARP_OF_IPV4} @nh,${ARP_SENDER_MAC},16 0x0a58 ${endsOfMac(ARP_SENDER_MAC + MAC_PREFIX_BITS)} ${endsOfMac(ARP_SENDER_ADDRESS)} accept
    counter drop
  }
}
`;
}

/** Removes the table, whether or not it is there. */
const REMOVAL = `add table bridge ${HUB_TABLE}\ndelete table bridge ${HUB_TABLE}\n`;

export function removeHubRules(): string {
  return REMOVAL;
}

/** Whether the four bytes at this place of the network header are the last four of the source MAC. */
function endsOfMac(place: number): string {
  const bytes = Array.from({ length: ADDRESS_BYTES }, (_, byte) => byte * 8);
  return bytes.map((bit) => `@ll,${SOURCE_MAC + MAC_PREFIX_BITS + bit},8 . @nh,${place + bit},8 @equal`).join(' ');
}
