import { formatSubnet, parseSubnet } from '../../address/ipv4.js';
import { formatSubnet6, parseSubnet6 } from '../../address/ipv6.js';
import { type AddressRange, rangesOverlap } from '../../address/range.js';
import { rangeOf } from './overlap.js';

/** An address alone, or a network; never anything else, since it becomes part of a script. */
export function canonical(cidr: string): string {
  if (cidr.includes(':')) return formatSubnet6(parseSubnet6(cidr.includes('/') ? cidr : `${cidr}/128`));
  return formatSubnet(parseSubnet(cidr.includes('/') ? cidr : `${cidr}/32`));
}

/** The networks of one family without those that others of them contain, which nft refuses in one set. */
export function widest(networks: readonly string[]): string {
  const all = [...new Set(networks.map(canonical))];
  return all.filter((one) => !all.some((other) => other !== one && contains(other, one))).join(', ');
}

function contains(one: string, other: string): boolean {
  const [outer, inner] = [one, other].map(rangeOf) as [AddressRange, AddressRange];
  return outer.prefixLength <= inner.prefixLength && rangesOverlap(outer, inner);
}
