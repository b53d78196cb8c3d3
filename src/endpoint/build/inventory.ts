import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isNotFound } from '../../kernel/errno.js';
import { mountsUnder } from '../../kernel/netns/mount-folder.js';
import { type Link, listLinks } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { isOwn } from '../identity.js';
import { bridgePrefix, hostLinkPrefix, netnsPrefix } from '../plan.js';
import type { Site } from '../types.js';

/** What the kernel holds that bears the instance id, and not the identity of another daemon. */
export interface Inventory {
  /** Links of endpoints at the host, by name. */
  readonly links: ReadonlyMap<string, Link>;
  /** Bridges and the pairs between them. */
  readonly bridges: readonly Link[];
  /** Mount points of namespaces by path; the inode is undefined where the file is there but no namespace is mounted on it. */
  readonly namespaces: ReadonlyMap<string, number | undefined>;
}

export async function takeInventory(host: Host, site: Site): Promise<Inventory> {
  // Endpoints' links and the pairs between bridges are veths.
  const veths = (await listLinks(host.socket, { kind: 'veth' })).filter((link) => isOwn(site, link));
  const bridges = (await listLinks(host.socket, { kind: 'bridge' })).filter((link) => isOwn(site, link));
  return {
    links: new Map(veths.filter(({ name }) => name.startsWith(hostLinkPrefix(site))).map((link) => [link.name, link])),
    bridges: [...bridges, ...veths].filter(({ name }) => name.startsWith(bridgePrefix(site))),
    namespaces: listNamespaces(site),
  };
}

function listNamespaces(site: Site): Map<string, number | undefined> {
  const mounted = new Set(
    mountsUnder(site.netnsDir)
      .filter(({ type }) => type === 'nsfs')
      .map(({ path }) => path),
  );
  const found = new Map<string, number | undefined>();
  for (const name of entriesOf(site.netnsDir)) {
    if (!name.startsWith(netnsPrefix(site))) continue;
    const path = join(site.netnsDir, name);
    found.set(path, mounted.has(path) ? statSync(path).ino : undefined);
  }
  return found;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
