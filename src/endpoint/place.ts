import { endpointCapacity, formatIpv4, parseIpv4, subnetContains } from '../address/ipv4.js';
import { formatIpv6, parseIpv6 } from '../address/ipv6.js';
import { containingRange } from '../address/range.js';
import { NetnsdError } from '../errors.js';
import { MAC_PREFIX, macOf, macText, type Subnet, subnetOf } from './plan.js';
import type { NetworkSettings } from './types.js';

/** What a client wants its endpoint to have. */
export interface WantedPlace {
  /** Of IPv4 or IPv6, without a prefix length. */
  readonly address?: string | undefined;
  /** Six octets in hexadecimal with colons. */
  readonly mac?: string | undefined;
}

/** The same as the pool has it. */
export interface Place {
  /** Which address of the subnet; null: any. */
  readonly index: number | null;
  /** That address, of IPv4; null: any. */
  readonly address: string | null;
  /** A MAC that does not follow from the address, in lower case; null: the one that does. */
  readonly mac: string | null;
}

/**
 * The place in a pool of what a client asks for. Throws `bad_request`, with what the pool has instead: for an address that is none of the
 * pool's endpoints', and for a MAC of its own where the rules of a hub know an endpoint by a MAC that ends with its address. Pure.
 */
export function placeOf(network: NetworkSettings, { address, mac }: WantedPlace): Place {
  const subnet = subnetOf(network);
  const own = mac === undefined ? undefined : readMac(network, mac);
  const byMac = own !== undefined && own.startsWith(OWN_PREFIX) ? addressOfMac(network, subnet, own) : undefined;
  const byAddress = address === undefined ? undefined : readAddress(network, subnet, address);
  if (byMac !== undefined && byAddress !== undefined && byMac !== byAddress)
    throw refused(network, `${mac} is the MAC of ${formatIpv4(byMac)}, not of ${address}`);
  const number = byAddress ?? byMac;
  return {
    index: number === undefined ? null : number - subnet.gateway - 1,
    address: number === undefined ? null : formatIpv4(number),
    mac: byMac === undefined ? (own ?? null) : null,
  };
}

const OWN_PREFIX = `${macText(MAC_PREFIX.container)}:`;
/** Of the other ends of pairs, of gateways, and of ports between hubs. */
const RESERVED = [MAC_PREFIX.host, MAC_PREFIX.gateway, [0x02, 0x59]].map((prefix) => `${macText(prefix)}:`);

function readAddress(network: NetworkSettings, subnet: Subnet, text: string): number {
  const { ipv6 } = subnet;
  if (!text.includes(':')) return inside(network, subnet, parseIpv4(text), text);
  const bytes = parseIpv6(text);
  if (ipv6 === null) throw refused(network, `${text} is no address of it: it has no subnet6`);
  const isOf = String(bytes.slice(0, 12)) === String(ipv6.network.slice(0, 12));
  if (!isOf)
    throw refused(
      network,
      `${text} is no address of its endpoints, which end with their IPv4 address in ${formatIpv6(containingRange(ipv6.network, 96).network)}/96`,
    );
  return inside(
    network,
    subnet,
    bytes.slice(12).reduce((value, byte) => value * 256 + byte, 0),
    text,
  );
}

function inside(network: NetworkSettings, subnet: Subnet, address: number, text: string): number {
  const first = subnet.gateway + 1;
  const last = subnet.gateway + endpointCapacity(subnet);
  if (subnetContains(subnet, address) && address >= first && address <= last) return address;
  throw refused(
    network,
    `${text} is no address of its endpoints, which have ${formatIpv4(first)} to ${formatIpv4(last)}`,
  );
}

function readMac(network: NetworkSettings, text: string): string {
  const mac = text.toLowerCase();
  const bytes = macOf(mac);
  if (bytes === null) throw refused(network, `${text} is no MAC such as 02:00:00:00:00:01`);
  if (((bytes[0] ?? 1) & 1) === 1 || bytes.every((byte) => byte === 0))
    throw refused(network, `${text} is no MAC of one interface`);
  if (RESERVED.some((prefix) => mac.startsWith(prefix)))
    throw refused(network, `${text} begins as MACs of its hubs do`);
  if (mac.startsWith(OWN_PREFIX)) return mac;
  const { antiSpoof, subnet6 } = network;
  const why = antiSpoof !== false ? 'anti_spoof' : subnet6 == null ? null : 'a subnet6';
  if (why !== null)
    throw refused(
      network,
      `it has ${why}, by which an endpoint is known by a MAC that is ${macText(MAC_PREFIX.container)} and its IPv4 address, not ${text}: a pool with anti_spoof = false and without subnet6 takes any`,
    );
  return mac;
}

function addressOfMac(network: NetworkSettings, subnet: Subnet, mac: string): number {
  const bytes = (macOf(mac) ?? []).slice(2);
  const address = bytes.reduce((value, byte) => value * 256 + byte, 0);
  return inside(network, subnet, address, `${formatIpv4(address)} (of ${mac})`);
}

function refused({ name }: NetworkSettings, why: string): NetnsdError {
  return new NetnsdError('bad_request', `pool ${name} cannot give that: ${why}`, { details: { pool: name } });
}
