import { ipv4Bytes, parseIpv4, parseSubnet } from '../address/ipv4.js';
import { formatIpv6, parseIpv6, parseSubnet6 } from '../address/ipv6.js';
import type { AddressRange } from '../address/range.js';
import type { Sysctl } from '../kernel/host/sysctls.js';
import type { EndpointFacts, NetworkSettings } from './types.js';

/** The interface's name inside the namespace, where the pool has no other. */
const USUAL_INTERFACE = 'eth0';

/** A route of an endpoint beside its default routes; addresses are 4 or 16 bytes each. */
export interface RoutePlan extends AddressRange {
  readonly gateway: readonly number[];
}

/** What the endpoints of a pool have inside beside their addresses. */
export interface InsidePlan {
  /** Name of the container's interface. */
  readonly interfaceName: string;
  readonly routes: readonly RoutePlan[];
  /** In the order in which they are written. */
  readonly sysctls: readonly Sysctl[];
}

/** Of the pools, which are few; each endpoint's plan needs one. */
const plans = new WeakMap<NetworkSettings, InsidePlan>();

export function planInside(network: NetworkSettings): InsidePlan {
  const known = plans.get(network);
  if (known !== undefined) return known;
  const plan = {
    interfaceName: network.interfaceName ?? USUAL_INTERFACE,
    routes: (network.routes ?? []).map(planRoute),
    sysctls: Object.entries(network.sysctls ?? {}).map(([name, value]) => ({ name, value })),
  };
  plans.set(network, plan);
  return plan;
}

function planRoute({ destination, gateway }: EndpointFacts['routes'][number]): RoutePlan {
  if (destination.includes(':')) return { ...parseSubnet6(destination), gateway: parseIpv6(gateway) };
  const { network, prefixLength } = parseSubnet(destination);
  return { network: ipv4Bytes(network), prefixLength, gateway: ipv4Bytes(parseIpv4(gateway)) };
}

/** Those of the routes whose gateway is not the endpoint itself. */
export function routesFor(routes: readonly RoutePlan[], own: readonly (readonly number[])[]): readonly RoutePlan[] {
  if (routes.length === 0) return routes;
  const isOwn = (gateway: readonly number[]): boolean => own.some((address) => String(address) === String(gateway));
  return routes.filter(({ gateway }) => !isOwn(gateway));
}

/** As leases tell it. */
export function routeText({ network, prefixLength, gateway }: RoutePlan): EndpointFacts['routes'][number] {
  const text = (address: readonly number[]): string => (address.length === 4 ? address.join('.') : formatIpv6(address));
  return { destination: `${text(network)}/${prefixLength}`, gateway: text(gateway) };
}
