import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { type Link, listLinks } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { uplinkPrefix } from '../hub/hub-names.js';
import { isOwn } from '../identity.js';
import { hostLinkPrefix } from '../plan.js';
import type { Site } from '../types.js';

/** What there is in the host that bears the instance id, and not the identity of another daemon. */
export interface HostLinks {
  /** Uplinks; and bridges of earlier versions, with the pairs between them. */
  readonly uplinks: readonly Link[];
  /** Links of endpoints that an earlier version left. */
  readonly former: readonly Link[];
}

/** The host's end of an endpoint, in a hub. */
export interface EndpointLink extends Pick<Link, 'index' | 'name' | 'alias' | 'mac'> {
  /** Name of the hub; null: in the host, where an earlier version left it. */
  readonly hub: string | null;
}

/** What the kernel holds that bears the instance id. */
export interface Inventory {
  readonly uplinks: readonly Link[];
  /** Links of endpoints, by name. */
  readonly links: ReadonlyMap<string, EndpointLink>;
  /** Names of the hubs. */
  readonly hubs: readonly string[];
  /** What is mounted in the vault, by endpoint; the inode is undefined where the file is there but no namespace is mounted on it. */
  readonly namespaces: ReadonlyMap<string, number | undefined>;
}

export async function takeInventory(host: Host, site: Site): Promise<Inventory> {
  const { uplinks, former } = await listHostLinks(host.socket, site);
  const links = new Map(former.map((link) => [link.name, endpointLink(link, null)]));
  const prefix = hostLinkPrefix(site);
  for (const { view, name: hub } of host.hubs.all())
    for (const link of (await view.links()).links.values())
      if (link.kind === 'veth' && link.name.startsWith(prefix)) links.set(link.name, endpointLink(link, hub));
  const hubs = host.hubs.all().map(({ name }) => name);
  return { uplinks, links, hubs, namespaces: host.vault.namespaces() };
}

function endpointLink({ index, name, alias, mac }: Link, hub: string | null): EndpointLink {
  return { index, name, alias, mac, hub };
}

export async function listHostLinks(socket: NetlinkSocket, site: Site): Promise<HostLinks> {
  const veths = (await listLinks(socket, { kind: 'veth' })).filter((link) => isOwn(site, link));
  const bridges = (await listLinks(socket, { kind: 'bridge' })).filter((link) => isOwn(site, link));
  return {
    uplinks: [...bridges, ...veths].filter(({ name }) => name.startsWith(uplinkPrefix(site))),
    former: veths.filter(({ name }) => name.startsWith(hostLinkPrefix(site))),
  };
}
