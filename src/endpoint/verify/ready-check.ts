import { statSync } from 'node:fs';
import { errnoOf } from '../../kernel/errno.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { addressDump, parseAddress } from '../../kernel/rtnetlink/address.js';
import { linkDump, parseLink } from '../../kernel/rtnetlink/link.js';
import { parseRoute, routeDump } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { CONTAINER_INTERFACE, type EndpointPlan, macText } from '../plan.js';

/**
 * What a ready endpoint lacks of all that was built inside its namespace, in words; null where it lacks nothing. Three
 * dumps from inside: `ip -n … link`, `address`, `route`. What was added is found by the fingerprint, after its
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
  const [loopback, eth0] = ['lo', CONTAINER_INTERFACE].map((name) => links.find((link) => link.name === name));
  if (loopback?.up !== true) return 'its lo is down';
  if (eth0 === undefined) return `its ${CONTAINER_INTERFACE} is gone`;
  if (!eth0.up) return `its ${CONTAINER_INTERFACE} is down`;
  if (eth0.mac !== macText(plan.containerMac)) return `its ${CONTAINER_INTERFACE} has another MAC`;
  if (eth0.mtuBytes !== plan.mtuBytes) return `its ${CONTAINER_INTERFACE} has another MTU`;
  const wanted = Buffer.from(plan.address);
  const addresses = socket.dumpNow(addressDump()).flatMap((payload) => parseAddress(payload) ?? []);
  const addressed = addresses.some(
    (one) => one.linkIndex === eth0.index && one.address.equals(wanted) && one.prefixLength === plan.prefixLength,
  );
  if (!addressed) return 'its address is gone';
  const gateway = Buffer.from(plan.gateway);
  const routed = socket
    .dumpNow(routeDump())
    .map(parseRoute)
    .some((route) => route.prefixLength === 0 && route.linkIndex === eth0.index && route.gateway?.equals(gateway));
  return routed ? null : 'its default route is gone';
}
