import { uplinkName } from '../hub/hub-names.js';
import type { Isolation, Site } from '../types.js';
import { canonical, widest } from './cidr.js';
import { mappingElements, type PortMapping } from './port-mappings.js';
import { elementsOf, type PortPlan } from './published-ports.js';
import { type ConnectionLimits, isLimited, limitRules, limitSets } from './walls/connection-limits.js';

/** What containers of a pool may reach beyond it, and how. CIDR throughout. */
export interface ReachSettings extends ConnectionLimits {
  readonly name: string;
  readonly subnet: string;
  readonly subnet6: string | null;
  /** Whether they go out with the host's address. */
  readonly masquerade: boolean;
  /** Networks that they reach, and are reached from, with their own address all the same. */
  readonly masqueradeExcept: readonly string[];
  /** Whether its containers publish ports. */
  readonly publish: readonly unknown[];
  /** Which of its containers reach each other. */
  readonly isolation: Isolation;
  /** Whether they reach the host itself. */
  readonly hostAccess: boolean;
  readonly egressDeny: readonly string[];
  /** What they reach although `egressDeny` has it. */
  readonly egressAllow: readonly string[];
}

/** The one table of nftables that a daemon has in the host. */
export function hostTable(site: Site): string {
  return `netnsd-${site.instanceId}`;
}

/** Removes the table, whether or not it is there; a script for nft(8). */
export function removeHostRules(site: Site): string {
  return `add table inet ${hostTable(site)}\ndelete table inet ${hostTable(site)}\n`;
}

/** Whether a pool needs anything of the host's rules. */
function needsRules(pool: ReachSettings): boolean {
  const { masquerade, publish, isolation, hostAccess, egressDeny } = pool;
  const isWalled = isolation !== 'none' || !hostAccess || egressDeny.length > 0;
  return masquerade || publish.length > 0 || isWalled || isLimited(pool);
}

/**
 * The whole table as a script for nft(8) that replaces what is there, in one transaction. Its rules are as many as pools, whatever the number
 * of endpoints. `mappings`: what pods have in the table that is replaced. Pure.
 *
 * forward: packets to a pool with `masquerade` pass only as answers, or as published; so a neighbour who routes to a container's address
 * reaches nothing. What comes from a pool with `isolation` does not go back there, except to published ports. MSS follows the MTU of
 * the route (path MTU discovery is often broken).
 */
export function hostRules(
  site: Site,
  pools: readonly ReachSettings[],
  { published = [], mappings = [] }: { published?: Iterable<PortPlan>; mappings?: Iterable<PortMapping> } = {},
): string {
  const { ipv4, ipv6 } = elementsOf(published);
  const mapped = mappingElements(mappings);
  if (!pools.some(needsRules) && [ipv4, ipv6, ...Object.values(mapped)].every(({ length }) => length === 0))
    return removeHostRules(site);
  const outward = pools.filter(({ masquerade }) => masquerade);
  const walled = pools.filter(({ isolation }) => isolation !== 'none').map(({ name }) => uplinkName(site, name));
  const sixes = [ipv6, mapped.mapped6, mapped['mapped-at6']];
  const hasIpv6 = pools.some(({ subnet6 }) => subnet6 !== null) || sixes.some(({ length }) => length > 0);
  const both = hasIpv6 ? [IPV4, IPV6] : [IPV4];
  const outwardIn = both.filter((family) => outward.some(family.subnetOf));
  const chains = [
    chain('forward', 'filter hook forward priority filter', [
      ...(walled.length === 0 ? [] : WALLED_RULES),
      ...outwardIn.flatMap((family) => forwardRules(family, pools)),
    ]),
    chain('outward', 'nat hook postrouting priority srcnat', [
      ...both.flatMap(hairpinRules),
      'ct status dnat ip saddr 127.0.0.0/8 masquerade',
      ...outwardIn.flatMap((family) => outwardRules(family, pools)),
    ]),
    chain('published', 'nat hook prerouting priority dstnat', both.flatMap(publishedRules)),
    // dstnat has no name here in older versions of nft.
    chain('published-here', 'nat hook output priority -100', both.flatMap(publishedRules)),
    chain('loopback', 'filter hook prerouting priority raw', LOOPBACK_RULES),
    chain(
      'egress',
      'filter hook prerouting priority filter',
      pools.flatMap((pool) => both.flatMap((family) => egressRules(pool, family))),
    ),
    // Behind it: what is refused does not count.
    chain(
      'limits',
      'filter hook prerouting priority 1',
      pools.flatMap((pool) => both.flatMap((family) => limitRules(pool, uplinkName(site, pool.name), family))),
    ),
    chain(
      'input',
      'filter hook input priority filter',
      pools.flatMap((pool) => inputRules(pool, uplinkName(site, pool.name))),
    ),
  ];
  const lines = [
    removeHostRules(site).trimEnd(),
    `table inet ${hostTable(site)} {`,
    `  comment "netnsd ${commentOf(site.stateDir)}"`,
    ...outwardIn.map((family) => setOf('outward', family, outward)),
    ...both.map((family) => setOf('pools', family, pools)),
    ...both.flatMap((family) => [
      portMap('published', family, family === IPV4 ? ipv4 : ipv6),
      portMap('mapped', family, mapped[`mapped${family.suffix}`]),
      portMap('mapped-at', { ...family, before: `${family.type} . ` }, mapped[`mapped-at${family.suffix}`]),
    ]),
    ...(walled.length === 0 ? [] : [walledSet(walled)]),
    ...both.flatMap((family) => limitSets(pools, family)),
    ...chains.flat(),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** What rules of a family have of their own; `suffix` is in the names of its sets and maps. */
export interface Family {
  readonly ip: 'ip' | 'ip6';
  readonly suffix: '' | '6';
  readonly type: string;
  readonly refuse: string;
  /** What is not published although it is an address of the host. */
  readonly except: string;
  readonly subnetOf: (pool: ReachSettings) => string | null;
}

const IPV4: Family = {
  ip: 'ip',
  suffix: '',
  type: 'ipv4_addr',
  refuse: 'reject with icmp admin-prohibited',
  except: '',
  subnetOf: ({ subnet }) => canonical(subnet),
};
/** The kernel lets no packet with ::1 leave or come by a link, as it does for 127.0.0.1 (route_localnet). */
const IPV6: Family = {
  ip: 'ip6',
  suffix: '6',
  type: 'ipv6_addr',
  refuse: 'reject with icmpv6 admin-prohibited',
  except: 'ip6 daddr != ::1 ',
  subnetOf: ({ subnet6 }) => (subnet6 === null ? null : canonical(subnet6)),
};

const WALLED_RULES = ['iifname . oifname @walled ct status dnat accept', 'iifname . oifname @walled drop'];

function forwardRules({ ip, suffix }: Family, pools: readonly ReachSettings[]): string[] {
  const set = `@outward${suffix}`;
  return [
    `${ip} saddr ${set} tcp flags syn / syn,rst tcp option maxseg size set rt mtu`,
    `${ip} daddr ${set} tcp flags syn / syn,rst tcp option maxseg size set rt mtu`,
    ...(ip === 'ip' ? pools.flatMap(exempt) : []).map(
      ([subnet, networks]) => `ip saddr ${networks} ip daddr ${subnet} accept`,
    ),
    `${ip} daddr ${set} ct state established,related accept`,
    `${ip} daddr ${set} ct status dnat accept`,
    `${ip} daddr ${set} drop`,
  ];
}

function outwardRules({ ip, suffix }: Family, pools: readonly ReachSettings[]): string[] {
  return [
    ...(ip === 'ip' ? pools.flatMap(exempt) : []).map(
      ([subnet, networks]) => `ip saddr ${subnet} ip daddr ${networks} accept`,
    ),
    `${ip} saddr @outward${suffix} ${ip} daddr != @outward${suffix} masquerade`,
  ];
}

/** A pool's subnet, and the networks for which its containers keep their addresses. */
function exempt({ subnet, masquerade, masqueradeExcept }: ReachSettings): [subnet: string, networks: string][] {
  return masquerade && masqueradeExcept.length > 0 ? [[canonical(subnet), `{ ${widest(masqueradeExcept)} }`]] : [];
}

/** A container that connects to a published port of its own pool, as a process of the host by 127.0.0.1, gets the answer by way of the host. */
function hairpinRules({ ip, suffix }: Family): string[] {
  return [`ct status dnat ${ip} saddr @pools${suffix} ${ip} daddr @pools${suffix} masquerade`];
}

/** What pods want comes first, and of that what they want of one address of the host. netnsd-cni writes to their maps itself. */
function publishedRules({ ip, suffix, except }: Family): string[] {
  const port = 'meta l4proto . th dport map';
  const maps = [`${ip} daddr . ${port} @mapped-at${suffix}`, `${port} @mapped${suffix}`, `${port} @published${suffix}`];
  return maps.map((map) => `${except}fib daddr type local dnat ${ip} to ${map}`);
}

/** route_localnet, which 127.0.0.1 needs, would let others reach what listens on the host's loopback. */
const LOOPBACK_RULES = ['ip daddr 127.0.0.0/8 iifname != "lo" drop'];
const ESTABLISHED = 'ct state established,related accept';

function egressRules(pool: ReachSettings, { ip, refuse, subnetOf }: Family): string[] {
  const subnet = subnetOf(pool);
  const ofFamily = (networks: readonly string[]): string[] =>
    networks.filter((one) => one.includes(':') === (ip === 'ip6'));
  const [deny, allow] = [ofFamily(pool.egressDeny), ofFamily(pool.egressAllow)];
  if (subnet === null || deny.length === 0) return [];
  const from = `${ip} saddr ${subnet} ct direction original ${ip} daddr`;
  return [
    ...(allow.length === 0 ? [] : [`${from} { ${widest(allow)} } accept`]),
    `${from} { ${widest(deny)} } ${refuse}`,
  ];
}

/** Of IPv6 by the link, since a container has an address of the link too; what neighbours ask each other stays. */
function inputRules({ subnet, hostAccess }: ReachSettings, uplink: string): string[] {
  if (hostAccess) return [];
  const [from, from6] = [`ip saddr ${canonical(subnet)}`, `iifname "${uplink}" meta nfproto ipv6`];
  return [
    `${from} ${ESTABLISHED}`,
    `${from} ${IPV4.refuse}`,
    `${from6} icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
    `${from6} ${ESTABLISHED}`,
    `${from6} ${IPV6.refuse}`,
  ];
}

function chain(name: string, type: string, rules: readonly string[]): string[] {
  if (rules.length === 0) return [];
  return [`  chain ${name} {`, `    type ${type}; policy accept;`, ...rules.map((rule) => `    ${rule}`), '  }'];
}

/** `before`: what stands before protocol and port in its keys. */
function portMap(name: string, family: Family & { before?: string }, elements: readonly string[]): string {
  const type = `type ${family.before ?? ''}inet_proto . inet_service : ${family.type} . inet_service`;
  return `  map ${name}${family.suffix} { ${type}; ${listed(elements)}}`;
}

/** Each uplink with itself. */
function walledSet(uplinks: readonly string[]): string {
  const pairs = uplinks.map((name) => `"${name}" . "${name}"`);
  return `  set walled { type ifname . ifname; elements = { ${pairs.join(', ')} } }`;
}

/** The subnets of pools. */
function setOf(name: string, { suffix, type, subnetOf }: Family, pools: readonly ReachSettings[]): string {
  const subnets = pools.flatMap((pool) => subnetOf(pool) ?? []);
  return `  set ${name}${suffix} { type ${type}; flags interval; ${listed(subnets)}}`;
}

/** nft takes no empty list. */
function listed(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `elements = { ${elements.join(', ')} } `;
}

/** A comment of nftables has at most 128 bytes, and no quotes. */
function commentOf(path: string): string {
  return path.replaceAll(/[^\w./-]/g, '?').slice(0, 100);
}
