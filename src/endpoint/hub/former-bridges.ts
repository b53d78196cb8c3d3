import { type Link, setLink, stopIpv6Addresses } from '../../kernel/rtnetlink/link.js';
import { deleteLinks } from '../build/destroy.js';
import { portSteps } from '../build/steps.js';
import type { Host } from '../host.js';
import type { HubPort } from '../network/network.js';
import type { EndpointPlan } from '../plan.js';
import type { Site } from '../types.js';
import { findLink } from './hub.js';
import { uplinkName } from './hub-names.js';
import { transactAll } from './socket-request.js';

/**
 * Takes over the host's end of a leased endpoint, which an earlier version left on a bridge in the host: it goes into a hub. Inside
 * the endpoint nothing changes but that its link has no carrier for a moment. (`ip link set … netns HUB`, which takes the link down
 * and off its bridge.) Throws kernel_error.
 */
export function moveIntoHub(options: {
  host: Host;
  link: Pick<Link, 'index'>;
  plan: EndpointPlan;
  port: HubPort;
}): void {
  const { host, link, plan, port } = options;
  host.socket.request(setLink({ index: link.index }, { netnsFd: port.hub.fd }));
  // It has another index there, if its own was taken.
  const hostIndex = findLink(port.hub, plan.hostName)?.index ?? 0;
  port.hub.socket.request(stopIpv6Addresses({ index: hostIndex }));
  for (const outcome of transactAll(portSteps({ plan, port, hostIndex }))) if (!outcome.ok) throw outcome.error;
}

/** Deletes the bridges of a pool in the host, `nbINSTANCE-XXXX.N`, and the pairs between them. Those that stay are found again. */
export function removeFormerBridges(options: { host: Host; site: Site; pool: string; uplinks: readonly Link[] }): void {
  const { host, site, pool, uplinks } = options;
  const { socket } = host;
  const former = uplinks.filter(({ name }) => name.startsWith(`${uplinkName(site, pool)}.`));
  // A pair goes with its bridge's end: what is gone by then is no failure.
  deleteLinks(former.map(({ name }) => ({ socket, name })));
}
