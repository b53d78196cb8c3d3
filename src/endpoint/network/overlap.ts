import {
  containingSubnet,
  formatIpv4,
  formatSubnet,
  type Ipv4Subnet,
  nthAddress,
  parseSubnet,
  subnetsOverlap,
} from '../../address/ipv4.js';
import { NetnsdError } from '../../errors.js';
import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { type InterfaceAddress, listAddresses } from '../../kernel/rtnetlink/address.js';
import { type Link, listLinks } from '../../kernel/rtnetlink/link.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import { uplinkName, uplinkPrefix } from '../hub/hub-names.js';
import type { Site } from '../types.js';

const RTN_UNICAST = 1;

/** Addresses that are taken, and by what, in words. */
interface Taken {
  readonly subnet: Ipv4Subnet;
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

/**
 * Throws `subnet_overlap`, naming the address or route, where a pool's subnet shares addresses with one of the host.
 * A pool whose gateway an earlier daemon left is not refused: a running daemon would live with what was added since.
 */
export async function refuseOverlap(options: {
  socket: NetlinkSocket;
  site: Site;
  pools: readonly { name: string; subnet: string }[];
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
export async function readHostAddresses(
  socket: NetlinkSocket,
  pools: readonly { subnet: string }[],
): Promise<HostAddresses> {
  return {
    links: await listLinks(socket),
    addresses: await listAddresses(socket),
    routes: await listRoutes(socket, { within: pools.map(({ subnet }) => parseSubnet(subnet)) }),
  };
}

/** Whether the pool's uplink, or its bridge of an earlier version, has the gateway's address, on this subnet. */
function stands({ name, subnet }: { name: string; subnet: string }, site: Site, found: HostAddresses): boolean {
  const uplink = uplinkName(site, name);
  const own = new Set(
    found.links.filter((link) => [uplink, `${uplink}.0`].includes(link.name)).map(({ index }) => index),
  );
  const gateway = nthAddress(parseSubnet(subnet), 1);
  return found.addresses.some(({ linkIndex, address }) => own.has(linkIndex) && address.readUInt32BE(0) === gateway);
}

/**
 * Every overlap, pool by pool; pure. A route that is less specific than the pool's subnet is none, since the pool's own goes first,
 * and neither is what belongs to this daemon's own uplinks.
 */
export function findOverlaps(options: {
  found: HostAddresses;
  site: Site;
  pools: readonly { name: string; subnet: string }[];
}): Overlap[] {
  const taken = takenAddresses(options.found, options.site);
  return options.pools.flatMap(({ name, subnet }) => {
    const wanted = parseSubnet(subnet);
    return taken
      .filter(
        ({ subnet: range, yields }) =>
          subnetsOverlap(wanted, range) && !(yields && range.prefixLength < wanted.prefixLength),
      )
      .map(({ text }) => ({ pool: name, subnet, text }));
  });
}

function takenAddresses(found: HostAddresses, site: Site): Taken[] {
  const links = new Map(found.links.map(({ index, name }) => [index, name]));
  const own = (linkIndex: number | undefined) => links.get(linkIndex ?? -1)?.startsWith(uplinkPrefix(site)) ?? false;
  const device = (linkIndex: number | undefined) =>
    linkIndex === undefined ? '' : ` on ${links.get(linkIndex) ?? `link ${linkIndex}`}`;
  const addresses = found.addresses.flatMap(({ linkIndex, address, prefixLength }) => {
    if (own(linkIndex)) return [];
    const first = address.readUInt32BE(0);
    const text = `the host's address ${formatIpv4(first)}/${prefixLength}${device(linkIndex)}`;
    return [{ subnet: containingSubnet(first, prefixLength), yields: false, text }];
  });
  const routes = found.routes.flatMap(({ type, destination, prefixLength, linkIndex }) => {
    if (type !== RTN_UNICAST || own(linkIndex)) return [];
    const subnet = { network: destination.readUInt32BE(0), prefixLength };
    return [{ subnet, yields: true, text: `the host's route ${formatSubnet(subnet)}${device(linkIndex)}` }];
  });
  return [...addresses, ...routes];
}
