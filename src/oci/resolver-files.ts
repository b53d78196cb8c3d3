import type { BindMount } from './spec.js';

/** Settings of resolv.conf(5). */
interface ResolverSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** The files of a lease for its container's /etc/resolv.conf and /etc/hosts; absolute paths on the host. */
export interface ResolverFiles {
  /** Null if the pool has no DNS settings: the container keeps the file of its image. */
  readonly resolvConf: string | null;
  readonly hosts: string;
}

/** The end of the paths of such files, of any daemon: `dns/LEASE_ID/hosts`. */
const OURS = /\/dns\/[0-9a-f]{16}\/(hosts|resolv\.conf)$/;
const DESTINATIONS = { resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' } as const;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/**
 * The options of containerd's CRI, and `ro`: the files are on the tmpfs of the records, which a container that may write
 * could fill. The last three are those of /run, which a user namespace must not remove.
 */
const OPTIONS = ['rbind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'];

/** Whether a line of hosts(5) may contain the name. */
export function isHostName(name: string | undefined): name is string {
  return name !== undefined && HOST_NAME.test(name);
}

/** The text of a resolv.conf(5) with these settings; null if there are none. Pure. */
export function renderResolvConf({ servers, search, options }: ResolverSettings): string | null {
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.length === 0 ? null : `${lines.join('\n')}\n`;
}

/**
 * The text of a hosts(5) file: localhost, and the lease's addresses (CIDR notation) with those of `names` that are valid host
 * names. Pure.
 */
export function renderHosts(options: { addresses: readonly string[]; names: readonly (string | undefined)[] }): string {
  const names = [...new Set(options.names)].filter(isHostName);
  const own = names.length === 0 ? [] : options.addresses.map((one) => `${one.split('/')[0]}\t${names.join(' ')}`);
  return `${['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', ...own].join('\n')}\n`;
}

/** Changes of the array `mounts`. */
export interface MountEdits {
  /** In this order: `mount` replaces the element at `index`; null removes it. */
  readonly present: readonly { readonly index: number; readonly mount: BindMount | null }[];
  /** Added behind the last element. */
  readonly added: readonly BindMount[];
}

/**
 * The changes of a spec's mounts that let the container see `files`. Mounts of an earlier lease are replaced or removed;
 * what the spec itself mounts at the same place or above (`/etc`) takes precedence. Pure.
 */
export function resolverMountEdits(
  mounts: readonly { readonly destination?: string; readonly source?: string }[],
  files: ResolverFiles | undefined,
): MountEdits {
  const wanted = new Map<string, string>();
  if (files !== undefined) wanted.set(DESTINATIONS.hosts, files.hosts);
  if (files?.resolvConf) wanted.set(DESTINATIONS.resolvConf, files.resolvConf);
  const present: { index: number; mount: BindMount | null }[] = [];
  for (const [index, { destination = '', source = '' }] of mounts.entries()) {
    const isOurs = Object.values(DESTINATIONS).some((path) => path === destination) && OURS.test(source);
    const file = isOurs ? wanted.get(destination) : undefined;
    if (isOurs) present.push({ index, mount: file === undefined ? null : bindMount(destination, file) });
    for (const path of wanted.keys()) if (isAtOrAbove(destination, path)) wanted.delete(path);
  }
  // From the end: a removal changes the indices of what follows.
  return { present: present.reverse(), added: Array.from(wanted, ([path, file]) => bindMount(path, file)) };
}

function bindMount(destination: string, source: string): BindMount {
  return { destination, type: 'bind', source, options: OPTIONS };
}

/** The root does not count: every path is below it. */
function isAtOrAbove(destination: string, path: string): boolean {
  const folder = destination.replace(/\/+$/, '');
  return folder !== '' && (path === folder || path.startsWith(`${folder}/`));
}
