import { createHash } from 'node:crypto';
import { broadcastAddress, type Ipv4Subnet, ipv4Bytes, nthAddress, parseSubnet } from '../address/ipv4.js';
import { aliasOf } from './identity.js';
import { type PublishedPort, publishedAt } from './network/published-ports.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Site } from './types.js';

/** The interface's name inside the namespace. */
export const CONTAINER_INTERFACE = 'eth0';
/** Eight digits of base 36: the greatest number of which the name of a link can be made. */
export const LARGEST_SEQ = 36 ** 8 - 1;
/** Locally administered unicast MACs, told apart at a glance: in a container, its other end in a hub, of a gateway. */
const MAC_PREFIX = { container: [0x0a, 0x58], host: [0x0e, 0x58], gateway: [0x06, 0x58] } as const;

/** All that follows from a name, a site and a network, before anything exists; pure. */
export interface EndpointPlan {
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
  readonly mtuBytes: number;
  readonly publishedPorts: readonly PublishedPort[];
}

/** The subnet of a pool with the addresses that have a part to play. */
export interface Subnet extends Ipv4Subnet {
  readonly gateway: number;
  readonly broadcast: number;
}

/** Of the pools, which are few; each endpoint's plan needs one. */
const subnets = new Map<string, Subnet>();

/** `10.213.0.0/16` taken apart; the text was validated with the configuration. */
export function subnetOf(cidr: string): Subnet {
  const known = subnets.get(cidr);
  if (known !== undefined) return known;
  const subnet = parseSubnet(cidr);
  const described = { ...subnet, gateway: nthAddress(subnet, 1), broadcast: broadcastAddress(subnet) };
  subnets.set(cidr, described);
  return described;
}

function mac(prefix: readonly [number, number], address: number): number[] {
  return [...prefix, ...ipv4Bytes(address)];
}

/** `0a:58:0a:d5:00:02`, as links are read. */
export function macText(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
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
  const subnet = subnetOf(network.subnet);
  const address = subnet.gateway + 1 + name.index;
  return {
    name,
    hostName: hostLinkName(site, name.seq),
    alias: aliasOf(site, name.id),
    containerMac: mac(MAC_PREFIX.container, address),
    hostMac: mac(MAC_PREFIX.host, address),
    address: ipv4Bytes(address),
    prefixLength: subnet.prefixLength,
    broadcast: ipv4Bytes(subnet.broadcast),
    gateway: ipv4Bytes(subnet.gateway),
    mtuBytes: network.mtuBytes,
    publishedPorts: network.published === undefined ? [] : publishedAt(network.published, name.index),
  };
}

/** `built`: the namespace, and the name of the hub in which the interface's other end is. */
export function factsOf(
  plan: EndpointPlan,
  built: { readonly netns: EndpointFacts['netns']; readonly hub: string },
  dns: NetworkSettings['dns'],
): EndpointFacts {
  const gateway = plan.gateway.join('.');
  return {
    netns: built.netns,
    interface: {
      name: CONTAINER_INTERFACE,
      mac: macText(plan.containerMac),
      mtu: plan.mtuBytes,
      hostName: plan.hostName,
      hub: built.hub,
    },
    addresses: [{ address: `${plan.address.join('.')}/${plan.prefixLength}`, gateway }],
    routes: [{ destination: '0.0.0.0/0', gateway }],
    publishedPorts: plan.publishedPorts,
    dns,
  };
}
