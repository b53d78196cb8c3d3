import { type InterfaceAddress, listAddresses } from '../../kernel/rtnetlink/address.js';
import type { Link } from '../../kernel/rtnetlink/link.js';
import { AF_INET, AF_INET6 } from '../../kernel/rtnetlink/messages.js';
import { listRoutes, type Route } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { findLink, type Hub } from '../hub/hub.js';
import type { HubEntries, HubLinks } from '../hub/hub-view.js';
import type { Walls } from './walls/walls.js';

/** What there is of a hub; MACs and addresses as text, to be looked up. */
export interface HubSeen extends HubLinks, HubEntries {
  readonly mounted: boolean;
  /** Whether its rules are as they were made. */
  readonly walled: boolean;
  /** See `Hub.filtersFrames`. */
  readonly filtersFrames: boolean;
}

/** What there is of a pool's network in the host. */
export interface UplinkSeen {
  /** The end of the uplink in the host. */
  readonly uplink: Link | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
}

/** What there is of a pool's network. */
export interface NetworkSeen extends UplinkSeen {
  /** By name of the hub; those that are looked at. */
  readonly hubs: ReadonlyMap<string, HubSeen>;
}

/** Reads the uplink of this name in the host, with its addresses and routes. Throws kernel_error. */
export async function seeUplink(host: Host, name: string): Promise<UplinkSeen> {
  const uplink = findLink(host, name);
  const addresses: InterfaceAddress[] = [];
  const routes: Route[] = [];
  for (const family of uplink === undefined ? [] : [AF_INET, AF_INET6]) {
    addresses.push(...(await listAddresses(host.socket, { linkIndex: uplink?.index as number, family })));
    routes.push(...(await listRoutes(host.socket, { linkIndex: uplink?.index as number, family })));
  }
  return { uplink, addresses, routes };
}

/** Whether a hub is mounted and has its rules and sysctls, which no `HubView` announces. Throws kernel_error. */
export function seeShell(
  hub: Hub,
  { mounted, walls }: { mounted: ReadonlyMap<string, number>; walls: Pick<Walls, 'stand'> },
): Pick<HubSeen, 'mounted' | 'walled' | 'filtersFrames'> {
  const { name, inode, filtersFrames } = hub;
  return { mounted: mounted.get(name) === inode, walled: walls.stand(hub), filtersFrames };
}
