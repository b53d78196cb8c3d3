import type { BindMount } from './spec.js';

/** Settings of resolv.conf(5). */
interface ResolverSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** Files of one lease for its container to see as /etc/resolv.conf and /etc/hosts; absolute paths at the host. */
export interface ResolverFiles {
  /** Null where the pool has no DNS settings: the image's own file stays in sight. */
  readonly resolvConf: string | null;
  readonly hosts: string;
}

/** What stands at the end of the paths of such files, whichever daemon made them: `dns/LEASE_ID/hosts`. */
const OURS = /\/dns\/[0-9a-f]{16}\/(hosts|resolv\.conf)$/;
const DESTINATIONS = { resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' } as const;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/**
 * As containerd's CRI mounts them, but for `ro`. There they are writable unless the root is not; but their folder is on a
 * disk, and this one is on the tmpfs that holds the records: a container that may write there could fill it. The three
 * flags are those of /run, which a user namespace must not take off.
 */
const OPTIONS = ['rbind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'];

/** Whether a name may stand in a line of hosts(5). */
export function isHostName(name: string | undefined): name is string {
  return name !== undefined && HOST_NAME.test(name);
}

/** The text of a resolv.conf(5) for these settings; null where there is nothing to say. Pure. */
export function renderResolvConf({ servers, search, options }: ResolverSettings): string | null {
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.length === 0 ? null : `${lines.join('\n')}\n`;
}

/**
 * The text of a hosts(5) file: localhost, and the lease's address (CIDR notation) with those of `names` that can be names
 * of a host. Pure.
 */
export function renderHosts(options: { address: string | undefined; names: readonly (string | undefined)[] }): string {
  const names = [...new Set(options.names)].filter(isHostName);
  const address = options.address?.split('/')[0];
  const own = address === undefined || names.length === 0 ? [] : [`${address}\t${names.join(' ')}`];
  return `${['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', ...own].join('\n')}\n`;
}

/** One change of the array `mounts`: a new element, or null to take one out; at the index -1 it is added. */
export interface MountEdit {
  readonly index: number;
  readonly mount: BindMount | null;
}

/**
 * What is to be changed in a spec's mounts for the container to see `files`, or none of them: mounts of an earlier lease
 * are replaced or taken out, what the spec itself mounts there or above (`/etc`) is left alone. Pure.
 */
export function resolverMountEdits(
  mounts: readonly { readonly destination?: string; readonly source?: string }[],
  files: ResolverFiles | undefined,
): MountEdit[] {
  const wanted = new Map<string, string>();
  if (files !== undefined) wanted.set(DESTINATIONS.hosts, files.hosts);
  if (files?.resolvConf) wanted.set(DESTINATIONS.resolvConf, files.resolvConf);
  const edits: MountEdit[] = [];
  for (const [index, { destination = '', source = '' }] of mounts.entries()) {
    const isOurs = Object.values(DESTINATIONS).some((path) => path === destination) && OURS.test(source);
    const file = isOurs ? wanted.get(destination) : undefined;
    if (isOurs) edits.push({ index, mount: file === undefined ? null : bindMount(destination, file) });
    for (const path of wanted.keys()) if (isAtOrAbove(destination, path)) wanted.delete(path);
  }
  // From the end, so that what is taken out does not move what comes after.
  return [...edits.reverse(), ...Array.from(wanted, ([path, file]) => ({ index: -1, mount: bindMount(path, file) }))];
}

function bindMount(destination: string, source: string): BindMount {
  return { destination, type: 'bind', source, options: OPTIONS };
}

/** The root itself is no mount of a spec's, whatever it says. */
function isAtOrAbove(destination: string, path: string): boolean {
  const folder = destination.replace(/\/+$/, '');
  return folder !== '' && (path === folder || path.startsWith(`${folder}/`));
}
