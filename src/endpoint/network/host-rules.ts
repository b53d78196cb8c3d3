import { formatSubnet, parseSubnet, subnetsOverlap } from '../../address/ipv4.js';
import { uplinkName } from '../hub/hub-names.js';
import type { Isolation, Site } from '../types.js';
import { MAPPED, MAPPED_AT, mappingElements, type PortMapping } from './port-mappings.js';
import { elementsOf, type PortPlan } from './published-ports.js';

/** What containers of a pool may reach beyond it, and how. CIDR throughout. */
export interface ReachSettings {
  readonly name: string;
  readonly subnet: string;
  /** Whether they go out with the host's address. */
  readonly masquerade: boolean;
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
  return `add table ip ${hostTable(site)}\ndelete table ip ${hostTable(site)}\n`;
}

/** Whether a pool needs anything of the host's rules. */
function needsRules({ masquerade, publish, isolation, hostAccess, egressDeny }: ReachSettings): boolean {
  return masquerade || publish.length > 0 || isolation !== 'none' || !hostAccess || egressDeny.length > 0;
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
  const elements = elementsOf(published);
  const { mapped, mappedAt } = mappingElements(mappings);
  if (!pools.some(needsRules) && [elements, mapped, mappedAt].every(({ length }) => length === 0))
    return removeHostRules(site);
  const subnets = pools.map(({ subnet }) => canonical(subnet));
  const outward = pools.filter(({ masquerade }) => masquerade).map(({ subnet }) => canonical(subnet));
  const walled = pools.filter(({ isolation }) => isolation !== 'none').map(({ name }) => uplinkName(site, name));
  const chains = [
    chain('forward', 'filter hook forward priority filter', [
      ...(walled.length === 0 ? [] : WALLED_RULES),
      ...(outward.length === 0 ? [] : FORWARD_RULES),
    ]),
    chain('outward', 'nat hook postrouting priority srcnat', [
      ...(outward.length === 0 ? [] : OUTWARD_RULES),
      ...HAIRPIN_RULES,
    ]),
    chain('published', 'nat hook prerouting priority dstnat', PUBLISHED_RULES),
    // dstnat has no name here in older versions of nft.
    chain('published-here', 'nat hook output priority -100', PUBLISHED_RULES),
    chain('loopback', 'filter hook prerouting priority raw', LOOPBACK_RULES),
    chain('egress', 'filter hook prerouting priority filter', pools.flatMap(egressRules)),
    chain('input', 'filter hook input priority filter', pools.flatMap(inputRules)),
  ];
  const table = hostTable(site);
  const lines = [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    `  comment "netnsd ${commentOf(site.stateDir)}"`,
    ...(outward.length === 0 ? [] : [setOf('outward', outward)]),
    setOf('pools', subnets),
    portMap('published', '', elements),
    portMap(MAPPED, '', mapped),
    portMap(MAPPED_AT, 'ipv4_addr . ', mappedAt),
    ...(walled.length === 0 ? [] : [walledSet(walled)]),
    ...chains.flat(),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const WALLED_RULES = ['iifname . oifname @walled ct status dnat accept', 'iifname . oifname @walled drop'];
const FORWARD_RULES = [
  'ip saddr @outward tcp flags syn / syn,rst tcp option maxseg size set rt mtu',
  'ip daddr @outward tcp flags syn / syn,rst tcp option maxseg size set rt mtu',
  'ip daddr @outward ct state established,related accept',
  'ip daddr @outward ct status dnat accept',
  'ip daddr @outward drop',
];
const OUTWARD_RULES = ['ip saddr @outward ip daddr != @outward masquerade'];
/** A container that connects to a published port of its own pool, and a process of the host by 127.0.0.1, get the answer by way of the host. */
const HAIRPIN_RULES = [
  'ct status dnat ip saddr @pools ip daddr @pools masquerade',
  'ct status dnat ip saddr 127.0.0.0/8 masquerade',
];
/** What pods want comes first, and of that what they want of one address of the host. netnsd-cni writes to the two maps itself. */
const PUBLISHED_RULES = [
  `fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @${MAPPED_AT}`,
  `fib daddr type local dnat ip to meta l4proto . th dport map @${MAPPED}`,
  'fib daddr type local dnat ip to meta l4proto . th dport map @published',
];
/** route_localnet, which 127.0.0.1 needs, would let others reach what listens on the host's loopback. */
const LOOPBACK_RULES = ['ip daddr 127.0.0.0/8 iifname != "lo" drop'];
const ESTABLISHED = 'ct state established,related accept';
const REFUSE = 'reject with icmp admin-prohibited';

function egressRules({ subnet, egressDeny, egressAllow }: ReachSettings): string[] {
  if (egressDeny.length === 0) return [];
  const from = `ip saddr ${canonical(subnet)} ct direction original`;
  const allow = egressAllow.length === 0 ? [] : [`${from} ip daddr { ${widest(egressAllow)} } accept`];
  return [...allow, `${from} ip daddr { ${widest(egressDeny)} } ${REFUSE}`];
}

function inputRules({ subnet, hostAccess }: ReachSettings): string[] {
  return hostAccess ? [] : [`ip saddr ${canonical(subnet)} ${ESTABLISHED}`, `ip saddr ${canonical(subnet)} ${REFUSE}`];
}

function chain(name: string, type: string, rules: readonly string[]): string[] {
  if (rules.length === 0) return [];
  return [`  chain ${name} {`, `    type ${type}; policy accept;`, ...rules.map((rule) => `    ${rule}`), '  }'];
}

/** `before`: what stands before protocol and port in its keys. */
function portMap(name: string, before: string, elements: readonly string[]): string {
  const type = `type ${before}inet_proto . inet_service : ipv4_addr . inet_service`;
  return `  map ${name} { ${type}; ${listed(elements)}}`;
}

/** Each uplink with itself. */
function walledSet(uplinks: readonly string[]): string {
  const pairs = uplinks.map((name) => `"${name}" . "${name}"`);
  return `  set walled { type ifname . ifname; elements = { ${pairs.join(', ')} } }`;
}

function setOf(name: string, elements: readonly string[]): string {
  return `  set ${name} { type ipv4_addr; flags interval; ${listed(elements)}}`;
}

/** nft takes no empty list. */
function listed(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `elements = { ${elements.join(', ')} } `;
}

/** An address alone, or a network; never anything else, since it becomes part of a script. */
function canonical(cidr: string): string {
  return formatSubnet(parseSubnet(cidr.includes('/') ? cidr : `${cidr}/32`));
}

/** The networks without those that others of them contain, which nft refuses in one set. */
function widest(networks: readonly string[]): string {
  const parsed = [...new Set(networks.map(canonical))].map(parseSubnet);
  const kept = parsed.filter(
    (one) => !parsed.some((other) => other.prefixLength < one.prefixLength && subnetsOverlap(other, one)),
  );
  return kept.map(formatSubnet).join(', ');
}

/** A comment of nftables has at most 128 bytes, and no quotes. */
function commentOf(path: string): string {
  return path.replaceAll(/[^\w./-]/g, '?').slice(0, 100);
}
