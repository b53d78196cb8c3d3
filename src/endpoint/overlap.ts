import {
  containingSubnet,
  formatIpv4,
  formatSubnet,
  type Ipv4Subnet,
  parseSubnet,
  subnetsOverlap,
} from '../address/ipv4.js';
import { NetnsdError } from '../errors.js';
import { listAddresses } from '../kernel/address.js';
import { listLinks } from '../kernel/link.js';
import { listRoutes } from '../kernel/route.js';
import type { Host } from './host.js';
import { bridgePrefix } from './plan.js';
import type { Site } from './types.js';

const RTN_UNICAST = 1;

/** Addresses that are taken, and by what, in words. */
interface Taken {
  readonly subnet: Ipv4Subnet;
  readonly text: string;
}

/**
 * Throws `subnet_overlap`, naming the address or route, where a pool's subnet shares addresses with one of the host.
 * The default route and what belongs to this site's own bridges do not count.
 */
export async function refuseOverlap(options: {
  host: Host;
  site: Site;
  pools: readonly { name: string; subnet: string }[];
}): Promise<void> {
  const { host, site, pools } = options;
  const links = new Map((await listLinks(host.socket)).map(({ index, name }) => [index, name]));
  const own = (linkIndex: number | undefined) => links.get(linkIndex ?? -1)?.startsWith(bridgePrefix(site)) ?? false;
  const device = (linkIndex: number | undefined) =>
    linkIndex === undefined ? '' : ` on ${links.get(linkIndex) ?? `link ${linkIndex}`}`;
  const taken: Taken[] = [];
  for (const { linkIndex, address, prefixLength } of await listAddresses(host.socket)) {
    if (own(linkIndex)) continue;
    const first = address.readUInt32BE(0);
    const text = `the host's address ${formatIpv4(first)}/${prefixLength}${device(linkIndex)}`;
    taken.push({ subnet: containingSubnet(first, prefixLength), text });
  }
  for (const { type, destination, prefixLength, linkIndex } of await listRoutes(host.socket)) {
    if (type !== RTN_UNICAST || prefixLength === 0 || own(linkIndex)) continue;
    const subnet = { network: destination.readUInt32BE(0), prefixLength };
    taken.push({ subnet, text: `the host's route ${formatSubnet(subnet)}${device(linkIndex)}` });
  }
  for (const { name, subnet } of pools) {
    const wanted = parseSubnet(subnet);
    const first = taken.find((range) => subnetsOverlap(wanted, range.subnet));
    if (first === undefined) continue;
    const message = `subnet ${subnet} of pool ${name} overlaps ${first.text}: choose another subnet for the pool`;
    throw new NetnsdError('subnet_overlap', message, { details: { pool: name, subnet, overlaps: first.text } });
  }
}
