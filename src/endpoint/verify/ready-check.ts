import { statSync } from 'node:fs';
import { errnoOf } from '../../kernel/errno.js';
import { readSysctl } from '../../kernel/host/sysctls.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { SysctlFolder } from '../../kernel/netns/sysctl-folder.js';
import { addressDump, parseAddress } from '../../kernel/rtnetlink/address.js';
import { linkDump, parseLink } from '../../kernel/rtnetlink/link.js';
import { AF_INET, AF_INET6 } from '../../kernel/rtnetlink/messages.js';
import { parseRoute, routeDump } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { type RoutePlan, routeText } from '../inside.js';
import { type EndpointPlan, type Ipv6Plan, LINK_LOCAL, macText } from '../plan.js';

/**
 * What a ready endpoint lacks of all that was built inside its namespace, in words; null where it lacks nothing. Three
 * dumps from inside: `ip -n … link`, `address`, `route`, the latter two for IPv6 as well. What was added is found by the fingerprint, after its
 * first lease. Throws ThreadLostError only.
 */
export function readyProblem(
  host: Host,
  { plan, netnsInode }: { plan: EndpointPlan; netnsInode: number },
): string | null {
  try {
    const path = host.vault.pathOf(plan.name.id);
    if (statSync(path).ino !== netnsInode) return 'another namespace is mounted in its place';
    using namespace = NetnsHandle.open(path);
    return inside({ namespace, home: host.home, act: () => lacking(plan) });
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    return errnoOf(error) === 'ENOENT' ? 'its mount is gone' : `it cannot be read: ${(error as Error).message}`;
  }
}

function lacking(plan: EndpointPlan): string | null {
  using socket = NetlinkSocket.open();
  const links = socket.dumpNow(linkDump()).map(parseLink);
  const { interfaceName } = plan;
  const [loopback, eth0] = ['lo', interfaceName].map((name) => links.find((link) => link.name === name));
  if (loopback?.up !== true) return 'its lo is down';
  if (eth0 === undefined) return `its ${interfaceName} is gone`;
  if (!eth0.up) return `its ${interfaceName} is down`;
  if (eth0.mac !== macText(plan.containerMac)) return `its ${interfaceName} has another MAC`;
  if (eth0.mtuBytes !== plan.mtuBytes) return `its ${interfaceName} has another MTU`;
  if (plan.rateOutBits !== null && eth0.qdisc !== 'tbf') return `its ${interfaceName} has lost its rate limit`;
  return (
    lackingOf(socket, { ...plan, linkIndex: eth0.index, family: AF_INET }) ??
    (plan.ipv6 === null
      ? null
      : lackingOf(socket, { ...plan.ipv6, routes: plan.routes, linkIndex: eth0.index, family: AF_INET6 })) ??
    lackingSysctl(plan)
  );
}

function lackingSysctl({ sysctls }: EndpointPlan): string | null {
  if (sysctls.length === 0) return null;
  using folder = SysctlFolder.open();
  const changed = sysctls.find(({ name, value }) => readSysctl(name, folder.path) !== value);
  return changed === undefined ? null : `its sysctl ${changed.name} was changed`;
}

/** Of one family. */
function lackingOf(
  socket: NetlinkSocket,
  wanted: Omit<Ipv6Plan, 'linkLocal'> &
    Pick<EndpointPlan, 'routes'> & { linkIndex: number; family: number; linkLocal?: readonly number[] },
): string | null {
  const { family, linkIndex, address, prefixLength, linkLocal } = wanted;
  const found = socket
    .dumpNow(addressDump({ family }))
    .flatMap((payload) => parseAddress(payload) ?? [])
    .filter((one) => one.linkIndex === linkIndex);
  const has = (own: readonly number[], bits: number): boolean =>
    found.some((one) => one.address.equals(Buffer.from(own)) && one.prefixLength === bits);
  if (!has(address, prefixLength)) return 'its address is gone';
  if (linkLocal !== undefined && !has(linkLocal, LINK_LOCAL.prefixLength)) return 'its link-local address is gone';
  const routes = socket.dumpNow(routeDump({ family })).map(parseRoute);
  const isRouted = ({ network, prefixLength: bits, gateway }: RoutePlan): boolean =>
    routes.some(
      (route) =>
        route.prefixLength === bits &&
        route.linkIndex === linkIndex &&
        route.gateway?.equals(Buffer.from(gateway)) &&
        route.destination.equals(Buffer.from(network)),
    );
  const zeros = address.map(() => 0);
  if (!isRouted({ network: zeros, prefixLength: 0, gateway: wanted.gateway })) return 'its default route is gone';
  const lost = wanted.routes.find((route) => route.network.length === address.length && !isRouted(route));
  return lost === undefined ? null : `its route to ${routeText(lost).destination} is gone`;
}
