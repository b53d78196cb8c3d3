import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { type Link, listLinks } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { isOwn } from '../identity.js';
import { bridgePrefix, hostLinkPrefix } from '../plan.js';
import type { Site } from '../types.js';

/** What the kernel holds at the host that bears the instance id, and not the identity of another daemon. */
export interface HostLinks {
  /** Links of endpoints, by name. */
  readonly links: ReadonlyMap<string, Link>;
  /** Bridges and the pairs between them. */
  readonly bridges: readonly Link[];
}

export interface Inventory extends HostLinks {
  /** What is mounted in the vault, by endpoint; the inode is undefined where the file is there but no namespace is mounted on it. */
  readonly namespaces: ReadonlyMap<string, number | undefined>;
}

export async function takeInventory(host: Host, site: Site): Promise<Inventory> {
  return { ...(await listHostLinks(host.socket, site)), namespaces: host.vault.namespaces() };
}

export async function listHostLinks(socket: NetlinkSocket, site: Site): Promise<HostLinks> {
  // Endpoints' links and the pairs between bridges are veths.
  const veths = (await listLinks(socket, { kind: 'veth' })).filter((link) => isOwn(site, link));
  const bridges = (await listLinks(socket, { kind: 'bridge' })).filter((link) => isOwn(site, link));
  return {
    links: new Map(veths.filter(({ name }) => name.startsWith(hostLinkPrefix(site))).map((link) => [link.name, link])),
    bridges: [...bridges, ...veths].filter(({ name }) => name.startsWith(bridgePrefix(site))),
  };
}
