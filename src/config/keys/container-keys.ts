import { formatIpv4, formatSubnet, parseIpv4, parseSubnet } from '../../address/ipv4.js';
import { formatIpv6, formatSubnet6, parseIpv6, parseSubnet6 } from '../../address/ipv6.js';
import type { PoolConfig } from '../types.js';
import { isText, type Key, listOf } from './key.js';
import { adviceOf } from './networks.js';

type RouteConfig = PoolConfig['routes'][number];

/** As dev_valid_name of net/core/dev.c, and narrower; `all` and `default` are folders of sysctls. */
const LINK_NAME = /^(?!(?:lo|all|default)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
const MOST_ROUTES = 32;

/** `10.9.0.0/16 via 10.213.0.5`, taken apart, as netnsd writes it; undefined for anything else. Throws bad_request for addresses that are none. */
function readRoute(value: unknown): RouteConfig | undefined {
  const [, destination, gateway] = /^(\S+) via (\S+)$/.exec(typeof value === 'string' ? value : '') ?? [];
  if (destination === undefined || gateway === undefined) return undefined;
  return destination.includes(':')
    ? { destination: formatSubnet6(parseSubnet6(destination)), gateway: formatIpv6(parseIpv6(gateway)) }
    : { destination: formatSubnet(parseSubnet(destination)), gateway: formatIpv4(parseIpv4(gateway)) };
}

/** The same for what was accepted. */
export const parseRoute = (value: string): RouteConfig => readRoute(value) as RouteConfig;

function routeAdvice(value: unknown): string | undefined {
  return adviceOf(() => {
    const route = readRoute(value);
    if (route === undefined) return 'not of this form';
    return route.destination.endsWith('/0') ? "a pool's default route leads to its gateway" : undefined;
  });
}

function routesAdvice(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map(routeAdvice).find((advice) => advice !== undefined);
}

const list = listOf((item) => routeAdvice(item) === undefined);

/** The keys of a table `[pools.NAME]` about what a container finds in its namespace. */
export const CONTAINER_KEYS = {
  interfaceName: {
    name: 'interface',
    type: 'string',
    initial: 'eth0',
    allowed:
      '1 to 15 letters, digits, `_`, `-` and `.`, beginning with a letter or digit; not `lo`, `all` or `default`',
    meaning: "Name of the container's interface.",
    accepts: (value) => isText(value, LINK_NAME),
  },
  routes: {
    name: 'routes',
    ...list,
    accepts: (value) => list.accepts(value) && (value as unknown[]).length <= MOST_ROUTES,
    allowed: `an array of at most ${MOST_ROUTES} networks with gateways of the pool's own network, such as ["10.9.0.0/16 via 10.213.0.5"]`,
    advice: routesAdvice,
    written: (routes: PoolConfig['routes']) =>
      routes.map(({ destination, gateway }) => `${destination} via ${gateway}`),
    meaning: 'Routes of the container beside that to its gateway, of IPv4 and IPv6.',
  },
} satisfies Record<string, Key<unknown>>;
