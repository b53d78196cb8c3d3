import { ipv4Bytes, parseSubnet } from '../../address/ipv4.js';
import { parseSubnet6 } from '../../address/ipv6.js';
import { uplinkName } from '../../endpoint/hub/hub-names.js';
import type { ForwardChain } from '../../kernel/nftables/forward-chains.js';
import { globMatches } from '../glob.js';
import { type Machine, type PoolSize, unwrap } from '../machine.js';
import { type Check, type Outcome, ok, unknown, warn } from '../outcome.js';

const FIREWALLD = 'firewalld';
const NOT_ASKED = 'nftables is not loaded, or may not be: a query would load it';

type Family = 'ip' | 'ip6';

/** The network of a pool in a family; null: it has none. */
function networkOf({ subnet, subnet6 }: PoolSize, family: Family): readonly number[] | null {
  if (family === 'ip') return ipv4Bytes(parseSubnet(subnet).network);
  return subnet6 == null ? null : parseSubnet6(subnet6).network;
}

/** Whether a rule matches a pool: its uplink, its subnet of this family, or a network that contains it. */
function isPassed(
  machine: Machine,
  chain: ForwardChain,
  { pool, family }: { pool: PoolSize; family: Family },
): boolean {
  const uplink = uplinkName(machine.site, pool.name);
  const network = networkOf(pool, family);
  return chain.passes.some((pass) => {
    if ('link' in pass) return globMatches(pass.link, uplink);
    if (network === null || pass.family !== family) return false;
    return pass.address.every((byte, at) => ((network[at] ?? 0) & (pass.mask[at] ?? 0)) === byte);
  });
}

/** The families of which a chain sees packets. */
function familiesOf({ family }: ForwardChain): Family[] {
  return family === 'ip' || family === 'ip6' ? [family] : ['ip', 'ip6'];
}

function acceptRules({ family, table, chain }: ForwardChain, uplinks: string): string[] {
  if (table.startsWith('filter')) {
    const name = family === 'ip6' ? 'ip6tables' : 'iptables';
    const program = table.includes('legacy') ? `${name}-legacy` : name;
    const rules = ['-i', '-o'].map((side) => `${program} -I ${chain} ${side} ${uplinks.replace('*', '+')} -j ACCEPT`);
    return [...rules, 'where Docker runs: the same into the chain DOCKER-USER'];
  }
  return ['iifname', 'oifname'].map(
    (side) => `nft insert rule ${family} ${table} ${chain} ${side} '"${uplinks}"' accept`,
  );
}

export const FORWARD_POLICY: Check = {
  group: 'networks',
  name: 'firewall',
  what: 'chains of nftables and iptables that drop forwarded packets, without a rule for the uplink or subnet of the pool',
  why: 'Docker, ufw and others set the policy of FORWARD to DROP; traffic within a pool does not pass the host',
  repair: 'accept rules for the uplinks',
  run(machine) {
    const { firewall, pools, site } = machine;
    if (firewall === undefined) return unknown(NOT_ASKED);
    // No link of netnsd's in the host is a port of a bridge.
    const dropping = unwrap(firewall).filter(({ policy, family }) => policy === 'drop' && family !== 'bridge');
    const outcomes = dropping.flatMap((chain): Outcome[] => {
      const stuckIn = (family: Family): PoolSize[] =>
        pools.filter((pool) => networkOf(pool, family) !== null && !isPassed(machine, chain, { pool, family }));
      const stuck = new Map(familiesOf(chain).flatMap((family) => stuckIn(family).map((pool) => [pool.name, family])));
      if (stuck.size === 0) return [];
      const names = `pool ${[...stuck.keys()].join(' or ')}`;
      const way = [...stuck.values()].every((family) => family === 'ip6') ? ' by IPv6' : '';
      const where = `chain ${chain.chain} of table ${chain.family} ${chain.table} drops forwarded packets`;
      const advice = acceptRules(chain, `nb${site.instanceId}-*`);
      return [warn(`${where}: containers of ${names} reach nothing beyond this host${way}`, ...advice)];
    });
    if (outcomes.length > 0) return outcomes;
    return ok(dropping.length === 0 ? 'no chain drops forwarded packets' : 'no chain drops packets of the pools');
  },
};

export const FIREWALLD_ZONES: Check = {
  group: 'networks',
  name: 'firewalld',
  what: "whether firewalld runs, and a zone has the pool's subnet or uplink",
  why: 'the default zone rejects packets from containers to this host and to other zones',
  repair: 'add the subnet to a zone, for example trusted',
  run(machine) {
    const { firewall, running, pools } = machine;
    if (!running.has(FIREWALLD)) return ok('firewalld is not running');
    if (firewall === undefined) return unknown(NOT_ASKED);
    const chains = unwrap(firewall).filter(({ table }) => table === FIREWALLD);
    const stuck = (['ip', 'ip6'] as const).flatMap((family) =>
      pools
        .filter((pool) => networkOf(pool, family) !== null)
        .filter((pool) => !chains.some((chain) => isPassed(machine, chain, { pool, family })))
        .map(({ name, subnet, subnet6 }) => ({ name, subnet: family === 'ip' ? subnet : (subnet6 ?? '') })),
    );
    if (stuck.length === 0) return ok('every pool is in a zone of firewalld');
    return stuck.map(({ name, subnet }) =>
      warn(
        `firewalld is running, and subnet ${subnet} of pool ${name} is in none of its zones`,
        `firewall-cmd --permanent --zone=trusted --add-source=${subnet} && firewall-cmd --reload`,
      ),
    );
  },
};
