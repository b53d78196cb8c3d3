import { broadcastAddress, formatIpv4, nthAddress, parseIpv4, parseSubnet, subnetContains } from '../address/ipv4.js';
import { formatIpv6, parseIpv6, parseSubnet6 } from '../address/ipv6.js';
import { containingRange, rangesOverlap } from '../address/range.js';
import { POOL_KEYS, parseRoute } from './keys/index.js';
import type { Section } from './section.js';
import type { PoolConfig } from './types.js';

type Network = Pick<PoolConfig, 'subnet' | 'subnet6' | 'isolation'>;

/** Reads `routes`: each gateway is of the pool's own network, and each destination beyond it. Throws `config_invalid`. */
export function readRoutes(section: Section, network: Network): PoolConfig['routes'] {
  const routes = (section.read(POOL_KEYS.routes) ?? []).map(parseRoute);
  for (const [position, route] of routes.entries()) {
    const { destination, gateway } = route;
    const problem = destination.includes(':') ? problem6(route, network) : problem4(route, network);
    if (problem !== null) section.refuse(POOL_KEYS.routes.name, `${destination} via ${gateway}: ${problem}`);
    if (routes.slice(0, position).some((earlier) => earlier.destination === destination))
      section.refuse(POOL_KEYS.routes.name, `${destination} stands there twice`);
    if (network.isolation === 'full' && !gatewaysOf(network).includes(gateway))
      section.refuse(
        POOL_KEYS.routes.name,
        `${destination} via ${gateway}: with isolation = "full" a container reaches no other one: set one or the other`,
      );
  }
  return routes;
}

/** The first addresses: those of the host. */
function gatewaysOf({ subnet, subnet6 }: Network): string[] {
  const own = formatIpv4(nthAddress(parseSubnet(subnet), 1));
  return subnet6 === null ? [own] : [own, formatIpv6([...parseSubnet6(subnet6).network.slice(0, -1), 1])];
}

type Route = PoolConfig['routes'][number];

function problem4({ destination, gateway }: Route, { subnet: cidr }: Network): string | null {
  const subnet = parseSubnet(cidr);
  const [to, via] = [parseSubnet(destination), parseIpv4(gateway)];
  if (!subnetContains(subnet, via) || via === subnet.network || via === broadcastAddress(subnet))
    return `the gateway is no address of ${cidr}`;
  return to.prefixLength >= subnet.prefixLength && subnetContains(subnet, to.network)
    ? `the destination is a part of ${cidr}, which containers reach without a route`
    : null;
}

function problem6({ destination, gateway }: Route, { subnet6: cidr }: Network): string | null {
  if (cidr === null) return 'the pool has no subnet6';
  const subnet = parseSubnet6(cidr);
  const to = parseSubnet6(destination);
  if (String(containingRange(parseIpv6(gateway), subnet.prefixLength).network) !== String(subnet.network))
    return `the gateway is no address of ${cidr}`;
  return to.prefixLength >= subnet.prefixLength && rangesOverlap(to, subnet)
    ? `the destination is a part of ${cidr}, which containers reach without a route`
    : null;
}
