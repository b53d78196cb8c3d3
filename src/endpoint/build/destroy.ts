import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { isNotFound } from '../../kernel/errno.js';
import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { removeNetns, ThreadLostError } from '../../kernel/netns/netns.js';
import { deleteLinkGroup, getLink, setLink } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import { transactAll } from '../hub/socket-request.js';
import { hostLinkName } from '../plan.js';
import type { EndpointName, Settled, Site } from '../types.js';

/** Group numbers of links on their way out: far from any that an administrator would choose. */
const DELETION_GROUPS = { first: 0x6e000000, last: 0x6effffff };
/** When to check whether the kernel has removed a namespace's links, in milliseconds after the check before; 0.6 s in all. */
const CHECKS_MS = [0, 10, 20, 40, 80, 150, 300];

/** A link, and the socket of the namespace in which it is. */
export interface PlacedLink {
  readonly socket: NetlinkSocket;
  readonly name: string;
}

/**
 * Removes the mount, the mount point and the veth pair of each name; `hubOf` tells the hub of an endpoint, if it is known: else all
 * are searched, and the host. What is gone already counts as done; a failure is
 * reported for its endpoint and does not keep the others from being removed.
 *
 * A namespace that is not held any more takes its links along (cleanup_net of net/core/net_namespace.c), many
 * namespaces at once, without the caller waiting under rtnl. Links that are still there after a while belong to a
 * namespace that is still held; they are deleted, as one group, so that the kernel waits for its readers once.
 */
export async function destroyEndpoints(options: {
  host: Host;
  site: Site;
  names: readonly EndpointName[];
  hubOf: (name: EndpointName) => Hub | undefined;
}): Promise<Settled<void>[]> {
  const { host, site, names, hubOf } = options;
  const failures = unmountNamespaces(host, names);
  const links = names.flatMap((name) => {
    const hub = hubOf(name);
    const places = hub === undefined ? [...host.hubs.all(), host] : [hub];
    return places.map(({ socket }) => ({ socket, name: hostLinkName(site, name.seq) }));
  });
  const stuck = deleteLinks(await waitForCleanup(links));
  return names.map((name, position): Settled<void> => {
    const failure = failures[position] ?? stuck.get(hostLinkName(site, name.seq));
    if (failure === undefined) return { ok: true, value: undefined };
    const message = `cannot remove endpoint ${name.id}: ${failure.message}`;
    return {
      ok: false,
      error: new NetnsdError('destroy_failed', message, { details: { endpoint: name.id }, cause: failure }),
    };
  });
}

/** All in one visit to the vault; why it failed, in the order of `names`. */
function unmountNamespaces({ vault }: Host, names: readonly EndpointName[]): (Error | undefined)[] {
  const outcomes = attempt(() =>
    vault.within(() => names.map(({ id }) => attempt(() => removeNetns(vault.mountPoint(id))))),
  );
  return names.map((_, position) => {
    const outcome = Array.isArray(outcomes) ? outcomes[position] : outcomes;
    return outcome instanceof Error ? outcome : undefined;
  });
}

/** What `act` returns, or throws. */
function attempt<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    if (error instanceof ThreadLostError) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Those of the links that the kernel has not removed by itself. */
export async function waitForCleanup(links: readonly PlacedLink[]): Promise<readonly PlacedLink[]> {
  let left = links;
  for (const waitMs of CHECKS_MS) {
    if (left.length === 0) return left;
    if (waitMs > 0) await delay(waitMs);
    const outcomes = transactAll(left.map(({ socket, name }) => ({ socket, request: getLink(name) })));
    left = left.filter((_, position) => outcomes[position]?.ok);
  }
  return left;
}

/** Deletes links by name, those of one namespace all at once; the reasons of those that could not be deleted. */
export function deleteLinks(links: readonly PlacedLink[]): Map<string, Error> {
  const sockets = new Set(links.map(({ socket }) => socket));
  const own = (wanted: NetlinkSocket) => links.filter(({ socket }) => socket === wanted).map(({ name }) => name);
  return new Map([...sockets].flatMap((socket) => [...deleteFrom(socket, own(socket))]));
}

function deleteFrom(socket: NetlinkSocket, names: readonly string[]): Map<string, Error> {
  const failures = new Map<string, Error>();
  const group = randomInt(DELETION_GROUPS.first, DELETION_GROUPS.last);
  const outcomes = socket.transact([...names.map((name) => setLink({ name }, { group })), deleteLinkGroup(group)]);
  const deletion = outcomes.at(-1);
  for (const [position, name] of names.entries()) {
    const outcome = outcomes[position]?.ok === false ? outcomes[position] : deletion;
    if (outcome?.ok === false && !isNotFound(outcome.error)) failures.set(name, outcome.error);
  }
  return failures;
}
