import { uplinkPrefix } from '../../endpoint/hub/hub-names.js';
import type { Link } from '../../kernel/rtnetlink/link.js';
import { type Machine, unwrap } from '../machine.js';
import { type Check, ok, unknown, warn } from '../outcome.js';

/** The uplinks, which have the gateways' addresses. */
export function uplinks(machine: Machine): string[] {
  return uplinkLinks(machine).map(({ name }) => name);
}

function uplinkLinks({ network, site }: Machine): readonly Link[] {
  if (!network.ok) return [];
  return network.value.links.filter(({ name, kind }) => kind === 'veth' && name.startsWith(uplinkPrefix(site)));
}

export const FORWARDING: Check = {
  group: 'networks',
  name: 'ip_forward',
  what: "net.ipv4.ip_forward, and the same of each pool's uplink",
  why: 'without it containers reach this host and their own pool, and nothing beyond',
  repair: 'turn it on, unless that is intended; the daemon does so for pools with masquerade or publish',
  run(machine) {
    const { files } = machine;
    const global = files.sysctl('net.ipv4.ip_forward');
    if (global === undefined) return unknown('net.ipv4.ip_forward cannot be read');
    if (global === 0)
      return warn(
        'net.ipv4.ip_forward is 0: containers reach this host and their own pool, and nothing beyond',
        'sysctl -w net.ipv4.ip_forward=1',
        "echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-netnsd-forward.conf",
      );
    const closed = uplinks(machine).filter((name) => files.linkSysctl(name, 'forwarding') === 0);
    if (closed.length === 0) return ok('the host forwards packets from containers');
    return closed.map((name) =>
      warn(`the host does not forward packets from ${name}`, `sysctl -w net/ipv4/conf/${name}/forwarding=1`),
    );
  },
};

const STRICT = 1;

export const REVERSE_PATH: Check = {
  group: 'networks',
  name: 'rp_filter',
  what: 'strict reverse path filtering (1): the larger of net.ipv4.conf.all.rp_filter and that of each uplink',
  why: 'a packet is silently dropped if the host would answer over another link: policy routing, a VPN, a second uplink, a route to a part of the subnet',
  repair: '2 (loose) drops only packets without any route back',
  run(machine) {
    const { files } = machine;
    const all = files.sysctl('net.ipv4.conf.all.rp_filter');
    if (all === undefined) return unknown('net.ipv4.conf.all.rp_filter cannot be read');
    // An uplink that does not exist yet starts with the default.
    const own = uplinks(machine);
    const strict = (own.length > 0 ? own : ['default']).filter(
      (name) => Math.max(all, files.linkSysctl(name, 'rp_filter') ?? 0) === STRICT,
    );
    if (strict.length === 0) return ok('reverse path filtering is not strict');
    const why = 'packets of containers are dropped if the host would answer over another link';
    if (all === STRICT)
      return warn(
        `net.ipv4.conf.all.rp_filter is 1 (strict): ${why}`,
        'sysctl -w net.ipv4.conf.all.rp_filter=2',
        "echo 'net.ipv4.conf.all.rp_filter = 2' > /etc/sysctl.d/90-netnsd-rp_filter.conf",
      );
    return strict.map((name) =>
      warn(`rp_filter of ${name} is 1 (strict): ${why}`, `sysctl -w net/ipv4/conf/${name}/rp_filter=2`),
    );
  },
};

export const MTU: Check = {
  group: 'networks',
  name: 'mtu',
  what: 'the MTU of each pool against that of the link by which the host reaches other networks',
  why: 'larger packets are fragmented or dropped there: netnsd adjusts TCP, while UDP depends on path MTU discovery',
  repair: '`mtu = "auto"`, the default',
  run(machine) {
    const { links, egress } = unwrap(machine.network);
    const way = links.find(({ index }) => index === egress);
    if (way === undefined) return ok('the host has no route to other networks');
    const { config } = machine;
    const built = uplinkLinks(machine).map(({ name, mtuBytes }) => ({ what: `link ${name}`, mtuBytes }));
    const configured = config.ok ? config.value.pools : [];
    const pools =
      built.length > 0
        ? built
        : configured.flatMap(({ name, mtuBytes }) => (mtuBytes === 'auto' ? [] : [{ what: `pool ${name}`, mtuBytes }]));
    const wide = pools.filter(({ mtuBytes }) => mtuBytes > way.mtuBytes);
    if (wide.length === 0) return ok(`no pool has a larger MTU than ${way.name} (${way.mtuBytes})`);
    return wide.map(({ what, mtuBytes }) =>
      warn(
        `${what} has an MTU of ${mtuBytes}, and ${way.name}, by which the host reaches other networks, of ${way.mtuBytes}`,
        `in the configuration: mtu = "auto" for the pool; then \`netnsd reload\``,
      ),
    );
  },
};
