import { NetnsdError } from '../errors.js';

// Hand-written: the pool counts in addresses, so they are numbers here, and only one spelling of each is taken. The packages
// ip and ipaddr.js have them as objects and take octal and shortened forms as well.

/** An IPv4 subnet in CIDR notation, taken apart. Addresses are unsigned 32-bit numbers in host order. */
export interface Ipv4Subnet {
  readonly network: number;
  readonly prefixLength: number;
}

/** Addresses of a pool's subnet that no endpoint gets: network, gateway (the first host address), broadcast. */
const RESERVED_ADDRESSES = 3;
/** Decimal without leading zeros: `010` is octal to some readers and decimal to others (RFC 6943, 3.1.1). */
const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const CIDR = /^([^/]*)\/(3[0-2]|[12]?\d)$/;

/** `10.213.0.1` as a number; throws `bad_request` on anything but four decimal octets. */
export function parseIpv4(text: string): number {
  const octets = IPV4.exec(text);
  if (octets === null) throw new NetnsdError('bad_request', `${JSON.stringify(text)} is no IPv4 address`);
  return octets.slice(1).reduce((value, octet) => value * 256 + Number(octet), 0);
}

/** The number as dotted decimal. */
export function formatIpv4(address: number): string {
  return ipv4Bytes(address).join('.');
}

/** The number as four bytes in network order. */
export function ipv4Bytes(address: number): [number, number, number, number] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}

/** How many addresses the subnet holds: 256 for a /24. */
export function subnetSize(subnet: Ipv4Subnet): number {
  return 2 ** (32 - subnet.prefixLength);
}

/** Whether hosts have addresses of it: not loopback, multicast or reserved. */
export function isOfHosts(subnet: Ipv4Subnet): boolean {
  const first = subnet.network >>> 24;
  return first > 0 && first !== 127 && first < 224;
}

/** How many endpoints find an address in the subnet; 0 where it is too small for any. */
export function endpointCapacity(subnet: Ipv4Subnet): number {
  return Math.max(0, subnetSize(subnet) - RESERVED_ADDRESSES);
}

/**
 * `10.213.0.0/16` taken apart; throws `bad_request` unless it is CIDR notation of a network address, in which no host
 * bit is set. The message then names the network that the text probably means.
 */
export function parseSubnet(text: string): Ipv4Subnet {
  const [, address, prefix] = CIDR.exec(text) ?? [];
  if (address === undefined || !IPV4.test(address)) {
    throw new NetnsdError('bad_request', `${JSON.stringify(text)} is no IPv4 subnet such as 10.213.0.0/16`);
  }
  const subnet = containingSubnet(parseIpv4(address), Number(prefix));
  if (formatSubnet(subnet) !== text) {
    throw new NetnsdError('bad_request', `${JSON.stringify(text)} has host bits set: write ${formatSubnet(subnet)}`);
  }
  return subnet;
}

/** The subnet as `10.213.0.0/16`. */
export function formatSubnet(subnet: Ipv4Subnet): string {
  return `${formatIpv4(subnet.network)}/${subnet.prefixLength}`;
}

/** The subnet of this prefix length in which the address lies. */
export function containingSubnet(address: number, prefixLength: number): Ipv4Subnet {
  return { network: address - (address % 2 ** (32 - prefixLength)), prefixLength };
}

/** The subnet of an address in CIDR notation: `10.213.0.0/16` of `10.213.0.2/16`. Throws `bad_request`. */
export function subnetOfAddress(text: string): Ipv4Subnet {
  const [address = '', prefix] = text.split('/');
  return containingSubnet(parseIpv4(address), Number(prefix));
}

/** The last address of the subnet. */
export function broadcastAddress(subnet: Ipv4Subnet): number {
  return subnet.network + subnetSize(subnet) - 1;
}

/** The nth address: 0 is the network's own, 1 the first host's. Throws `internal` outside the subnet. */
export function nthAddress(subnet: Ipv4Subnet, n: number): number {
  if (Number.isInteger(n) && n >= 0 && n < subnetSize(subnet)) return subnet.network + n;
  throw new NetnsdError('internal', `subnet ${formatSubnet(subnet)} has no address number ${n}`);
}

export function subnetContains(subnet: Ipv4Subnet, address: number): boolean {
  return containingSubnet(address, subnet.prefixLength).network === subnet.network;
}

/** Whether the two have an address in common: one then contains the other. */
export function subnetsOverlap(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  return a.prefixLength <= b.prefixLength ? subnetContains(a, b.network) : subnetContains(b, a.network);
}
