import { formatIpv4 } from '../address/ipv4.js';
import { NetnsdError } from '../errors.js';
import { listAddresses } from '../kernel/address.js';
import { listLinks } from '../kernel/link.js';
import { listRoutes } from '../kernel/route.js';
import type { Host } from './host.js';
import { bridgePrefix, subnetOf } from './plan.js';
import type { Site } from './types.js';

const RTN_UNICAST = 1;

interface Range {
  readonly first: number;
  readonly prefixLength: number;
  readonly text: string;
}

function overlap(a: { first: number; prefixLength: number }, b: { first: number; prefixLength: number }): boolean {
  const size = 2 ** (32 - Math.min(a.prefixLength, b.prefixLength));
  return Math.floor(a.first / size) === Math.floor(b.first / size);
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
  const ranges: Range[] = [];
  for (const { linkIndex, address, prefixLength } of await listAddresses(host.socket)) {
    if (own(linkIndex)) continue;
    const first = address.readUInt32BE(0);
    ranges.push({
      first,
      prefixLength,
      text: `the host's address ${formatIpv4(first)}/${prefixLength}${device(linkIndex)}`,
    });
  }
  for (const route of await listRoutes(host.socket)) {
    if (route.type !== RTN_UNICAST || route.prefixLength === 0 || own(route.linkIndex)) continue;
    const first = route.destination.readUInt32BE(0);
    ranges.push({
      first,
      prefixLength: route.prefixLength,
      text: `the host's route ${formatIpv4(first)}/${route.prefixLength}${device(route.linkIndex)}`,
    });
  }
  for (const { name, subnet } of pools) {
    const { network, prefixLength } = subnetOf(subnet);
    const taken = ranges.find((range) => overlap({ first: network, prefixLength }, range));
    if (taken === undefined) continue;
    const message = `subnet ${subnet} of pool ${name} overlaps ${taken.text}: choose another subnet for the pool`;
    throw new NetnsdError('subnet_overlap', message, { details: { pool: name, subnet, overlaps: taken.text } });
  }
}
