import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { listLinks, setLink } from '../../kernel/rtnetlink/link.js';
import { uplinkPrefix } from '../hub/hub-names.js';
import { aliasOf, formerAlias } from '../identity.js';
import { hostLinkPrefix } from '../plan.js';
import type { Site } from '../types.js';

/**
 * Gives the links that version 0.1 left (alias `netnsd INSTANCE ENDPOINT` or `… bridge of pool POOL`) the alias of this daemon, whose state directory is
 * the one of that version. What cannot be changed is left, and belongs to no daemon then. Throws kernel_error.
 */
export async function takeOverLinks(socket: NetlinkSocket, site: Site): Promise<void> {
  const former = formerAlias(site.instanceId);
  const links = (await listLinks(socket, { kind: 'veth' })).flatMap(({ name, alias = '' }) =>
    name.startsWith(hostLinkPrefix(site)) && alias.startsWith(former)
      ? [setLink({ name }, { alias: aliasOf(site, alias.slice(former.length)) })]
      : [],
  );
  const bridges = (await listLinks(socket, { kind: 'bridge' })).flatMap(({ name, alias = '' }) =>
    name.startsWith(uplinkPrefix(site)) && alias.startsWith(`${former}bridge of pool `)
      ? [setLink({ name }, { alias: aliasOf(site, `bridge:${alias.slice(`${former}bridge of pool `.length)}`) })]
      : [],
  );
  socket.transact([...links, ...bridges]);
}
