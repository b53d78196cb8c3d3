import { ipv4Bytes, parseSubnet } from '../../address/ipv4.js';
import { parseSubnet6 } from '../../address/ipv6.js';
import { type AddressRange, containingRange, rangesOverlap } from '../../address/range.js';
import { NetnsdError } from '../../errors.js';
import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { type InterfaceAddress, listAddresses } from '../../kernel/rtnetlink/address.js';
import { addressText } from '../../kernel/rtnetlink/address-text.js';
import { type Link, listLinks } from '../../kernel/rtnetlink/link.js';
import { AF_INET, AF_INET6, familyOf } from '../../kernel/rtnetlink/messages.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import { uplinkName, uplinkPrefix } from '../hub/hub-names.js';
import type { Subnets } from '../plan.js';
import type { Site } from '../types.js';

const RTN_UNICAST = 1;

/** Addresses that are taken, and by what, in words. */
interface Taken extends AddressRange {
  /** Whether a more specific route of a pool may stand beside it. */
  readonly yields: boolean;
  readonly text: string;
}

/** A pool's subnet and what of the host shares addresses with it: `the host's route 10.208.0.0/12 on uplink`. */
export interface Overlap {
  readonly pool: string;
  readonly subnet: string;
  readonly text: string;
}

export interface HostAddresses {
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
}

interface NamedSubnets extends Subnets {
  readonly name: string;
}

/**
 * Throws `subnet_overlap`, naming the address or route, where a pool's subnet shares addresses with one of the host.
 * A pool whose gateway an earlier daemon left is not refused: a running daemon would live with what was added since.
 */
export async function refuseOverlap(options: {
  socket: NetlinkSocket;
  site: Site;
  pools: readonly NamedSubnets[];
}): Promise<void> {
  const { socket, site, pools } = options;
  const found = await readHostAddresses(socket, pools);
  const added = pools.filter((pool) => !stands(pool, site, found));
  const [first] = findOverlaps({ found, site, pools: added });
  if (first === undefined) return;
  const { pool, subnet, text } = first;
  const message = `subnet ${subnet} of pool ${pool} overlaps ${text}: choose another subnet for the pool`;
  throw new NetnsdError('subnet_overlap', message, { details: { pool, subnet, overlaps: text } });
}

/** What of the host may share addresses with these pools. Throws kernel_error. */
export async function readHostAddresses(socket: NetlinkSocket, pools: readonly Subnets[]): Promise<HostAddresses> {
  const addresses: InterfaceAddress[] = [];
  const routes: Route[] = [];
  for (const family of [AF_INET, AF_INET6]) {
    const within = pools
      .flatMap(subnetsOf)
      .map(rangeOf)
      .filter(({ network }) => familyOf(network) === family);
    if (within.length === 0) continue;
    addresses.push(...(await listAddresses(socket, { family })));
    routes.push(...(await listRoutes(socket, { family, within })));
  }
  return { links: await listLinks(socket), addresses, routes };
}

function subnetsOf({ subnet, subnet6 }: Subnets): string[] {
  return subnet6 == null ? [subnet] : [subnet, subnet6];
}

/** A network of either family. */
export function rangeOf(cidr: string): AddressRange {
  if (cidr.includes(':')) return parseSubnet6(cidr);
  const { network, prefixLength } = parseSubnet(cidr);
  return { network: ipv4Bytes(network), prefixLength };
}

/** Whether the pool's uplink, or its bridge of an earlier version, has the gateway's addresses, on these subnets. */
function stands(pool: NamedSubnets, site: Site, found: HostAddresses): boolean {
  const uplink = uplinkName(site, pool.name);
  const own = new Set(
    found.links.filter((link) => [uplink, `${uplink}.0`].includes(link.name)).map(({ index }) => index),
  );
  return subnetsOf(pool)
    .map(rangeOf)
    .every(({ network }) => {
      const gateway = Buffer.from([...network.slice(0, -1), (network.at(-1) ?? 0) + 1]);
      return found.addresses.some(({ linkIndex, address }) => own.has(linkIndex) && address.equals(gateway));
    });
}

/**
 * Every overlap, pool by pool; pure. A route that is less specific than the pool's subnet is none, since the pool's own goes first,
 * and neither is what belongs to this daemon's own uplinks.
 */
export function findOverlaps(options: { found: HostAddresses; site: Site; pools: readonly NamedSubnets[] }): Overlap[] {
  const taken = takenAddresses(options.found, options.site);
  return options.pools.flatMap((pool) =>
    subnetsOf(pool).flatMap((subnet) => {
      const wanted = rangeOf(subnet);
      return taken
        .filter(
          (range) =>
            rangesOverlap(wanted, range) &&
            !(range.yields && range.prefixLength < wanted.prefixLength) &&
            !isOfNetwork(range, wanted),
        )
        .map(({ text }) => ({ pool: pool.name, subnet, text }));
    }),
  );
}

/** The subnet's own address, which no endpoint has: flannel gives it to its interface (flannel.1), so that hosts reach pods from there. */
function isOfNetwork(range: AddressRange, wanted: AddressRange): boolean {
  return range.network.length === 4 && range.prefixLength === 32 && String(range.network) === String(wanted.network);
}

function takenAddresses(found: HostAddresses, site: Site): Taken[] {
  const links = new Map(found.links.map(({ index, name }) => [index, name]));
  const own = (linkIndex: number | undefined) => links.get(linkIndex ?? -1)?.startsWith(uplinkPrefix(site)) ?? false;
  const device = (linkIndex: number | undefined) =>
    linkIndex === undefined ? '' : ` on ${links.get(linkIndex) ?? `link ${linkIndex}`}`;
  const addresses = found.addresses.flatMap(({ linkIndex, address, prefixLength }) => {
    if (own(linkIndex)) return [];
    const text = `the host's address ${addressText([...address])}/${prefixLength}${device(linkIndex)}`;
    return [{ ...containingRange([...address], prefixLength), yields: false, text }];
  });
  const routes = found.routes.flatMap(({ type, destination, prefixLength, linkIndex }) => {
    if (type !== RTN_UNICAST || own(linkIndex)) return [];
    const network = [...destination];
    const text = `the host's route ${addressText(network)}/${prefixLength}${device(linkIndex)}`;
    return [{ network, prefixLength, yields: true, text }];
  });
  return [...addresses, ...routes];
}
