import { formatIpv4, ipv4Bytes, nthAddress, parseSubnet } from '../../address/ipv4.js';
import { formatIpv6, parseSubnet6 } from '../../address/ipv6.js';
import { NetnsdError } from '../../errors.js';

/** A port inside the container. */
export interface ContainerPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** A port of the host that leads to a port of a container. */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** What a pool publishes: each of its addresses has host ports of its own, for as long as the plan stands. */
export interface PortPlan {
  readonly subnet: string;
  readonly subnet6?: string | null;
  readonly ports: readonly ContainerPort[];
  /** By address, from the first one after the gateway, one host port for each of `ports`. */
  readonly hostPorts: readonly number[];
}

export interface PortWish {
  readonly name: string;
  readonly subnet: string;
  readonly subnet6?: string | null;
  readonly ports: readonly ContainerPort[];
  readonly range: readonly [from: number, to: number];
  /** Of how many addresses; at least as many as the pool's `max`. */
  readonly addresses: number;
}

/** Of the host, 127.0.0.1 included; and of IPv6, but for ::1. */
const EVERY_ADDRESS = '0.0.0.0';
const EVERY_ADDRESS_6 = '::';
/** A pool's plan before its last change is kept under its name and this: leases that stand are reached as they were told. */
const FORMER = '@former';

/** What the endpoint at this address publishes; at the same ports in both families where it has IPv6. */
export function publishedAt(
  { ports, hostPorts }: Pick<PortPlan, 'ports' | 'hostPorts'>,
  { index, hasIpv6 }: { index: number; hasIpv6: boolean },
): PublishedPort[] {
  return (hasIpv6 ? [EVERY_ADDRESS, EVERY_ADDRESS_6] : [EVERY_ADDRESS]).flatMap((hostAddress) =>
    ports.flatMap(({ protocol, port }, at) => {
      const hostPort = hostPorts[index * ports.length + at];
      return hostPort === undefined ? [] : [{ protocol, hostAddress, hostPort, containerPort: port }];
    }),
  );
}

/** For how many addresses the plan has ports. */
export function addressesOf({ ports, hostPorts }: Pick<PortPlan, 'ports' | 'hostPorts'>): number {
  return ports.length === 0 ? Infinity : Math.floor(hostPorts.length / ports.length);
}

/**
 * Plans the host ports of pools, one after the other: free ports of their ranges in order. A plan of `before` that says the same is kept, for
 * endpoints and their leases outlive the daemon. Pure. Throws config_invalid where a range has too few free ports.
 *
 * `taken`: ports of the host that others listen at, as `tcp/22`; new plans pass over them.
 */
export function planPorts(
  wishes: readonly PortWish[],
  { taken, before }: { taken: ReadonlySet<string>; before: ReadonlyMap<string, PortPlan> },
): Map<string, PortPlan> {
  const kept = new Map(
    [...before].flatMap(([name, plan]): [string, PortPlan][] => {
      const wish = wishes.find((one) => one.name === name && isAs(plan, one));
      return wish === undefined ? [] : [[name, withSubnet6(plan, wish)]];
    }),
  );
  const former = new Map(
    [...before].flatMap(([name, plan]): [string, PortPlan][] =>
      kept.has(name) ||
      (name.endsWith(FORMER) && before.has(name.slice(0, -FORMER.length)) && !kept.has(name.slice(0, -FORMER.length)))
        ? []
        : [[name.endsWith(FORMER) ? name : `${name}${FORMER}`, plan]],
    ),
  );
  const used = new Set([...taken, ...[...kept.values()].flatMap(keysOf)]);
  const old = new Set([...former.values()].flatMap(keysOf));
  const made = wishes.flatMap((wish): [string, PortPlan][] => {
    if (wish.ports.length === 0 || kept.has(wish.name)) return [];
    const { subnet, ports } = wish;
    return [[wish.name, withSubnet6({ subnet, ports, hostPorts: choose(wish, used, old) }, wish)]];
  });
  return new Map([...kept, ...made, ...former]);
}

/** The ports stay the same whatever the network of IPv6. */
function withSubnet6({ subnet, ports, hostPorts }: PortPlan, { subnet6 }: PortWish): PortPlan {
  return { subnet, ...(subnet6 == null ? {} : { subnet6 }), ports, hostPorts };
}

/** Host ports of a plan as `tcp/30000`. */
function keysOf({ ports, hostPorts }: PortPlan): string[] {
  return hostPorts.map((hostPort, at) => `${ports[at % ports.length]?.protocol}/${hostPort}`);
}

/** Whether a plan is one of this wish: the same ports of the same subnet, in the range, for as many addresses. */
function isAs(plan: PortPlan, { subnet, ports, range: [from, to], addresses }: PortWish): boolean {
  return (
    plan.subnet === subnet &&
    JSON.stringify(plan.ports) === JSON.stringify(ports) &&
    addressesOf(plan) >= addresses &&
    plan.hostPorts.every((port) => port >= from && port <= to)
  );
}

/** Ports of a former plan are chosen last. */
function choose(
  { name, ports, range: [from, to], addresses }: PortWish,
  used: Set<string>,
  old: Set<string>,
): number[] {
  const wanted = addresses * ports.length;
  const chosen: number[] = [];
  for (const avoided of [old, new Set<string>()]) {
    for (let hostPort = from; hostPort <= to && chosen.length < wanted; hostPort += 1) {
      const key = `${ports[chosen.length % ports.length]?.protocol}/${hostPort}`;
      if (used.has(key) || avoided.has(key)) continue;
      used.add(key);
      chosen.push(hostPort);
    }
  }
  if (chosen.length === wanted) return chosen;
  throw new NetnsdError(
    'config_invalid',
    `pool ${name} publishes ${ports.length} ports of ${addresses} addresses, but publish_range ${from}-${to} has ${chosen.length} free ports: widen it, or lower max`,
    { details: { pool: name, wanted, free: chosen.length } },
  );
}

/** Elements of the host's maps: protocol and port of the host, address and port of the container. Earlier plans come first. */
export function elementsOf(plans: Iterable<PortPlan>): { ipv4: string[]; ipv6: string[] } {
  const [ipv4, ipv6] = [new Map<string, string>(), new Map<string, string>()];
  for (const { subnet, subnet6, ports, hostPorts } of plans) {
    const network = parseSubnet(subnet);
    const prefix = subnet6 == null ? null : parseSubnet6(subnet6).network.slice(0, 12);
    for (const [at, hostPort] of hostPorts.entries()) {
      const { protocol, port } = ports[at % ports.length] as ContainerPort;
      const key = `${protocol} . ${hostPort}`;
      const address = nthAddress(network, 2 + Math.floor(at / ports.length));
      if (!ipv4.has(key)) ipv4.set(key, `${key} : ${formatIpv4(address)} . ${port}`);
      if (prefix === null || ipv6.has(key)) continue;
      // See `planIpv6`.
      ipv6.set(key, `${key} : ${formatIpv6([...prefix, ...ipv4Bytes(address)])} . ${port}`);
    }
  }
  return { ipv4: [...ipv4.values()], ipv6: [...ipv6.values()] };
}
