import { ipv4Bytes, parseSubnet } from '../../address/ipv4.js';
import { bridgeName } from '../../endpoint/plan.js';
import type { ForwardChain, Pass } from '../../kernel/nftables/forward-chains.js';
import { globMatches } from '../glob.js';
import { type Machine, type PoolSize, unwrap } from '../machine.js';
import { type Check, fail, type Outcome, ok, unknown, warn } from '../outcome.js';

const FIREWALLD = 'firewalld';
const NOT_ASKED = 'nftables is not loaded, or may not be: a query would load it';

/** Whether a rule matches a pool: its first bridge, its subnet, or a network that contains it. */
function isAbout(pass: Pass, { bridge, subnet }: { bridge: string; subnet: string }): boolean {
  if ('link' in pass) return globMatches(pass.link, bridge);
  const network = ipv4Bytes(parseSubnet(subnet).network);
  return pass.address.every((byte, at) => ((network[at] ?? 0) & (pass.mask[at] ?? 0)) === byte);
}

function isPassed(machine: Machine, chain: ForwardChain, pool: PoolSize): boolean {
  const bridge = bridgeName(machine.site, pool.name, 0);
  return chain.passes.some((pass) => isAbout(pass, { bridge, subnet: pool.subnet }));
}

function acceptRules({ family, table, chain }: ForwardChain, bridges: string): string[] {
  if (family === 'bridge') return [`nft insert rule bridge ${table} ${chain} accept`];
  if (table.startsWith('filter')) {
    const program = table.includes('legacy') ? 'iptables-legacy' : 'iptables';
    const rules = ['-i', '-o'].map((side) => `${program} -I ${chain} ${side} ${bridges.replace('*', '+')} -j ACCEPT`);
    return [...rules, 'where Docker runs: the same into the chain DOCKER-USER'];
  }
  return ['iifname', 'oifname'].map(
    (side) => `nft insert rule ${family} ${table} ${chain} ${side} '"${bridges}"' accept`,
  );
}

export const FORWARD_POLICY: Check = {
  group: 'networks',
  name: 'firewall',
  what: 'chains of nftables and iptables that drop forwarded packets, without a rule for a bridge or subnet of the pool',
  why: 'Docker, ufw and others set the policy of FORWARD to DROP; with bridge-nf-call-iptables, or in the family bridge, this also separates the containers of a pool',
  repair: 'accept rules for the bridges; or bridge-nf-call-iptables=0, for traffic within a pool',
  run(machine) {
    const { firewall, files, pools, site } = machine;
    if (firewall === undefined) return unknown(NOT_ASKED);
    const dropping = unwrap(firewall).filter(({ policy }) => policy === 'drop');
    const callsTables = files.sysctl('net.bridge.bridge-nf-call-iptables') === 1;
    const outcomes = dropping.flatMap((chain): Outcome[] => {
      const stuck = pools.filter((pool) => !isPassed(machine, chain, pool));
      if (stuck.length === 0) return [];
      const names = `pool ${stuck.map(({ name }) => name).join(' or ')}`;
      const where = `chain ${chain.chain} of table ${chain.family} ${chain.table} drops forwarded packets`;
      const advice = acceptRules(chain, `nb${site.instanceId}-*`);
      if (chain.family === 'bridge')
        return [fail(`${where} by bridges: containers of ${names} do not reach each other`, ...advice)];
      if (!callsTables) return [warn(`${where}: containers of ${names} reach nothing beyond this host`, ...advice)];
      return [
        fail(
          `${where}, frames within a bridge included (bridge-nf-call-iptables): containers of ${names} do not reach each other`,
          ...advice,
          'or, for traffic within a pool: sysctl -w net.bridge.bridge-nf-call-iptables=0',
        ),
      ];
    });
    if (outcomes.length > 0) return outcomes;
    return ok(dropping.length === 0 ? 'no chain drops forwarded packets' : 'no chain drops packets of the pools');
  },
};

export const BRIDGE_CALLS: Check = {
  group: 'networks',
  name: 'bridge-nf-call',
  what: 'net.bridge.bridge-nf-call-iptables, if there are rules for forwarded packets',
  why: 'each frame within a bridge then passes the rules for routed packets: this takes time, and rules not meant for it apply',
  repair: 'turn it off, unless Kubernetes or Docker on this host needs it',
  run({ files, firewall }) {
    if (files.sysctl('net.bridge.bridge-nf-call-iptables') !== 1)
      return ok('frames within a bridge do not pass the rules for routed packets');
    if (firewall === undefined) return unknown(NOT_ASKED);
    const chains = unwrap(firewall).filter(({ family }) => family !== 'bridge');
    if (chains.length === 0) return ok('bridge-nf-call-iptables is on, and there are no rules for forwarded packets');
    return warn(
      `bridge-nf-call-iptables is 1, so frames between containers pass ${chains.map(({ family, table, chain }) => `${family} ${table} ${chain}`).join(', ')}`,
      'sysctl -w net.bridge.bridge-nf-call-iptables=0',
      "echo 'net.bridge.bridge-nf-call-iptables = 0' > /etc/sysctl.d/90-netnsd-bridge.conf",
    );
  },
};

export const FIREWALLD_ZONES: Check = {
  group: 'networks',
  name: 'firewalld',
  what: "whether firewalld runs, and a zone has the pool's subnet or bridge",
  why: 'the default zone rejects packets from containers to this host and to other zones',
  repair: 'add the subnet to a zone, for example trusted',
  run(machine) {
    const { firewall, running, pools } = machine;
    if (!running.has(FIREWALLD)) return ok('firewalld is not running');
    if (firewall === undefined) return unknown(NOT_ASKED);
    const chains = unwrap(firewall).filter(({ table }) => table === FIREWALLD);
    const stuck = pools.filter((pool) => !chains.some((chain) => isPassed(machine, chain, pool)));
    if (stuck.length === 0) return ok('every pool is in a zone of firewalld');
    return stuck.map(({ name, subnet }) =>
      warn(
        `firewalld is running, and subnet ${subnet} of pool ${name} is in none of its zones`,
        `firewall-cmd --permanent --zone=trusted --add-source=${subnet} && firewall-cmd --reload`,
      ),
    );
  },
};
