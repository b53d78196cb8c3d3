import { createHash } from 'node:crypto';
import { broadcastAddress, type Ipv4Subnet, ipv4Bytes, nthAddress, parseSubnet } from '../address/ipv4.js';
import { formatIpv6, parseSubnet6 } from '../address/ipv6.js';
import type { AddressRange } from '../address/range.js';
import { aliasOf } from './identity.js';
import { type InsidePlan, planInside, routesFor, routeText } from './inside.js';
import { type PublishedPort, publishedAt } from './network/published-ports.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Site } from './types.js';

/** Eight digits of base 36: the greatest number of which the name of a link can be made. */
export const LARGEST_SEQ = 36 ** 8 - 1;
/** Locally administered unicast MACs, told apart at a glance: in a container, its other end in a hub, of a gateway. */
export const MAC_PREFIX = { container: [0x0a, 0x58], host: [0x0e, 0x58], gateway: [0x06, 0x58] } as const;

/** All that follows from a name, a site and a network, before anything exists; pure. */
export interface EndpointPlan extends InsidePlan {
  readonly name: EndpointName;
  readonly hostName: string;
  /** On the link in the hub, beside its name: `netnsd ID IDENTITY`. */
  readonly alias: string;
  readonly containerMac: readonly number[];
  readonly hostMac: readonly number[];
  readonly address: readonly number[];
  readonly prefixLength: number;
  readonly broadcast: readonly number[];
  readonly gateway: readonly number[];
  /** Null: the pool has no `subnet6`. */
  readonly ipv6: Ipv6Plan | null;
  readonly mtuBytes: number;
  readonly publishedPorts: readonly PublishedPort[];
  /** To the container and from it, in bits per second; null: no limit. */
  readonly rateInBits: number | null;
  readonly rateOutBits: number | null;
}

/** What an endpoint has of IPv6; addresses are 16 bytes each. */
export interface Ipv6Plan {
  readonly address: readonly number[];
  readonly prefixLength: number;
  readonly gateway: readonly number[];
  /** The source of what the kernel asks by itself: without one, it cannot check a neighbour that it knows (ndisc_send_ns of net/ipv6/ndisc.c). */
  readonly linkLocal: readonly number[];
}

/** The subnets of a pool with the addresses that have a part to play. */
export interface Subnet extends Ipv4Subnet {
  readonly gateway: number;
  readonly broadcast: number;
  readonly ipv6: Subnet6 | null;
}

/** The first address is the gateway's. */
export interface Subnet6 extends AddressRange {
  readonly gateway: readonly number[];
}

/** Subnets as they are written. */
export interface Subnets {
  readonly subnet: string;
  /** Null or absent: IPv4 only. */
  readonly subnet6?: string | null;
}

const LINK_LOCAL_PREFIX = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** fe80::/64, with fe80::1 on each uplink in the host. */
export const LINK_LOCAL: Subnet6 = {
  network: [...LINK_LOCAL_PREFIX, 0, 0, 0, 0],
  prefixLength: 64,
  gateway: [...LINK_LOCAL_PREFIX, 0, 0, 0, 1],
};

/** Of the pools, which are few; each endpoint's plan needs one. */
const subnets = new Map<string, Subnet>();

/** `10.213.0.0/16` and `fd00:213::/64` taken apart; the texts were validated with the configuration. */
export function subnetOf({ subnet: cidr, subnet6 }: Subnets): Subnet {
  const key = `${cidr} ${subnet6 ?? ''}`;
  const known = subnets.get(key);
  if (known !== undefined) return known;
  const subnet = parseSubnet(cidr);
  const ipv6 = subnet6 == null ? null : subnet6Of(subnet6);
  const described = { ...subnet, gateway: nthAddress(subnet, 1), broadcast: broadcastAddress(subnet), ipv6 };
  subnets.set(key, described);
  return described;
}

function subnet6Of(cidr: string): Subnet6 {
  const subnet = parseSubnet6(cidr);
  return { ...subnet, gateway: [...subnet.network.slice(0, 15), 1] };
}

/** The last four bytes are the IPv4 address, as they are those of the MAC: so a hub knows the MAC of an address by one constant rule. */
function planIpv6({ network, prefixLength, gateway }: Subnet6, ipv4: readonly number[]): Ipv6Plan {
  return {
    address: [...network.slice(0, 12), ...ipv4],
    prefixLength,
    gateway,
    linkLocal: [...LINK_LOCAL_PREFIX, ...ipv4],
  };
}

function mac(prefix: readonly [number, number], address: number): number[] {
  return [...prefix, ...ipv4Bytes(address)];
}

const HEXADECIMAL = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `0a:58:0a:d5:00:02`, as links are read. */
export function macText(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => HEXADECIMAL[byte]).join(':');
}

/** The six bytes of such a text, in lower case; null: it is none. */
export function macOf(text: string): number[] | null {
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text)) return null;
  return text.split(':').map((byte) => Number.parseInt(byte, 16));
}

/** `ndINSTANCE-SEQ` in base 36: 15 characters at the most (IFNAMSIZ is 16, with a NUL). */
export function hostLinkName(site: Site, seq: number): string {
  return `nd${site.instanceId}-${seq.toString(36)}`;
}

export function hostLinkPrefix(site: Site): string {
  return `nd${site.instanceId}-`;
}

/** Every link to a namespace in a folder that may be shared with others (`/run/netns`) starts so. */
export function netnsPrefix(site: Site): string {
  return `nd${site.instanceId}-`;
}

/**
 * The MAC of a pool's uplink in the host, by its name: it stays when the subnet changes, and with it what containers know of
 * the gateway. It is that of the bridge which had the gateway's address before there were hubs.
 */
export function gatewayMac(uplink: string): number[] {
  const digest = createHash('sha256').update(`${uplink}.0`).digest();
  return [...MAC_PREFIX.gateway, ...digest.subarray(0, 4)];
}

export function planEndpoint(site: Site, network: NetworkSettings, name: EndpointName): EndpointPlan {
  const subnet = subnetOf(network);
  const address = subnet.gateway + 1 + name.index;
  const bytes = ipv4Bytes(address);
  const ipv6 = subnet.ipv6 === null ? null : planIpv6(subnet.ipv6, bytes);
  const inside = planInside(network);
  return {
    name,
    hostName: hostLinkName(site, name.seq),
    alias: aliasOf(site, name.id),
    containerMac: (name.mac === undefined ? null : macOf(name.mac)) ?? mac(MAC_PREFIX.container, address),
    hostMac: mac(MAC_PREFIX.host, address),
    address: bytes,
    prefixLength: subnet.prefixLength,
    broadcast: ipv4Bytes(subnet.broadcast),
    gateway: ipv4Bytes(subnet.gateway),
    ipv6,
    ...inside,
    routes: routesFor(inside.routes, addressBytes({ address: bytes, ipv6 })),
    mtuBytes: network.mtuBytes,
    rateInBits: network.rateInBits ?? null,
    rateOutBits: network.rateOutBits ?? null,
    publishedPorts:
      network.published === undefined
        ? []
        : publishedAt(network.published, { index: name.index, hasIpv6: subnet.ipv6 !== null }),
  };
}

/** `built`: the namespace, and the name of the hub in which the interface's other end is. */
export function factsOf(
  plan: EndpointPlan,
  built: { readonly netns: EndpointFacts['netns']; readonly hub: string },
  dns: NetworkSettings['dns'],
): EndpointFacts {
  const addresses = addressesOf(plan);
  return {
    netns: built.netns,
    interface: {
      name: plan.interfaceName,
      mac: macText(plan.containerMac),
      mtu: plan.mtuBytes,
      hostName: plan.hostName,
      hub: built.hub,
      ...ratesOf(plan),
    },
    addresses,
    routes: [
      ...addresses.map(({ gateway }) => ({ destination: gateway.includes(':') ? '::/0' : '0.0.0.0/0', gateway })),
      ...plan.routes.map(routeText),
    ],
    publishedPorts: plan.publishedPorts,
    dns,
    ...(plan.sysctls.length === 0
      ? {}
      : { sysctls: Object.fromEntries(plan.sysctls.map(({ name, value }) => [name, value])) }),
  };
}

/** In CIDR notation: that of IPv4, and that of IPv6 where there is one. */
export function addressesOf({ address, prefixLength, gateway, ipv6 }: EndpointPlan): EndpointFacts['addresses'] {
  const own = { address: `${address.join('.')}/${prefixLength}`, gateway: gateway.join('.') };
  if (ipv6 === null) return [own];
  return [own, { address: `${formatIpv6(ipv6.address)}/${ipv6.prefixLength}`, gateway: formatIpv6(ipv6.gateway) }];
}

/** What others may know the endpoint by: its addresses, 4 and 16 bytes. */
export function addressBytes({ address, ipv6 }: Pick<EndpointPlan, 'address' | 'ipv6'>): (readonly number[])[] {
  return ipv6 === null ? [address] : [address, ipv6.address];
}

/** The limits as facts have them. */
export function ratesOf({ rateInBits, rateOutBits }: Pick<EndpointPlan, 'rateInBits' | 'rateOutBits'>) {
  return {
    ...(rateInBits === null ? {} : { rateIn: rateInBits }),
    ...(rateOutBits === null ? {} : { rateOut: rateOutBits }),
  };
}
