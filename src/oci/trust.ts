import type { CapabilitySet, Spec } from './spec.js';

/** What a container may do to its network namespace, according to its spec. */
export interface Trust {
  /** Whether it can change the namespace without a notification; such a namespace is replaced after its lease. */
  readonly privileged: boolean;
  readonly reasons: readonly string[];
}

/**
 * Capabilities that can change the network namespace, or leave the container for a place from which it can be changed.
 * CAP_NET_RAW is not one: its sockets end with their processes.
 */
const CAPABILITIES = [
  'CAP_NET_ADMIN',
  'CAP_SYS_ADMIN',
  'CAP_BPF',
  'CAP_SYS_MODULE',
  'CAP_SYS_PTRACE',
  'CAP_SYS_RAWIO',
  'CAP_DAC_READ_SEARCH',
];
const SETS: readonly CapabilitySet[] = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'];
/** These run with the runtime's privileges inside the container's namespaces (runtime spec, config.md). */
const HOOKS = ['createContainer', 'startContainer'];

/** Docker and Podman set these in every spec; they are reset when the endpoint is verified (engine-sysctls.ts). */
const ENGINE_SYSCTLS = /^net([./])ipv4\1(ping_group_range|ip_unprivileged_port_start)$/;

/** Reads from a spec what the container may do. What is absent or malformed counts as allowed. Pure. */
export function readTrust(spec: Spec): Trust {
  const reasons = reasonsOf(spec);
  return { privileged: reasons.length > 0, reasons };
}

function reasonsOf(spec: Spec): string[] {
  try {
    return [...capabilityReasons(spec), ...sysctlReasons(spec), ...mountReasons(spec), ...otherReasons(spec)];
  } catch (error) {
    // For example an object where the specification has an array.
    if (error instanceof TypeError) return ['the spec does not follow the runtime specification'];
    throw error;
  }
}

function capabilityReasons(spec: Spec): string[] {
  const capabilities = spec.process?.capabilities;
  if (capabilities === undefined) return ['process.capabilities is not set'];
  return CAPABILITIES.flatMap((name) => {
    const sets = SETS.filter((set) => capabilities[set]?.some((granted) => granted.toUpperCase() === name));
    return sets.length === 0 ? [] : [`${name} (${sets.join(', ')})`];
  });
}

function sysctlReasons({ linux }: Spec): string[] {
  const guarded = [...(linux.readonlyPaths ?? []), ...(linux.maskedPaths ?? [])].map(trimmed);
  const writable = !['/proc', '/proc/sys', '/proc/sys/net'].some((path) => guarded.includes(path));
  const set = Object.keys(linux.sysctl ?? {}).filter((name) => /^net[./]/.test(name) && !ENGINE_SYSCTLS.test(name));
  return [...(writable ? ['/proc/sys is writable'] : []), ...set.map((name) => `sysctl ${name} is set`)];
}

/** A second mount of procfs evades the read-only paths: root without capabilities can write sysctls through it. */
function mountReasons(spec: Spec): string[] {
  return (spec.mounts ?? []).flatMap(({ type, source = '', destination = '' }) => {
    const isBind = type !== 'proc' && trimmed(source).startsWith('/');
    if (type === 'proc' && trimmed(destination) !== '/proc') return [`procfs is mounted at ${destination}`];
    return isBind && /^\/(proc(\/|$)|$)/.test(trimmed(source)) ? [`${source} of the host is mounted`] : [];
  });
}

function otherReasons({ hooks, linux }: Spec): string[] {
  const inside = HOOKS.filter((name) => (hooks?.[name]?.length ?? 0) > 0);
  const devices = Object.keys(linux.netDevices ?? {});
  return [
    ...inside.map((name) => `${name} hooks run in its namespaces`),
    ...devices.map((name) => `the network device ${name} is moved into it`),
  ];
}

function trimmed(path: string): string {
  return path === '/' ? path : path.replace(/\/+$/, '');
}
