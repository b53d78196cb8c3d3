import { isOfHosts, parseSubnet } from '../../address/ipv4.js';
import type { PoolConfig } from '../types.js';
import { CONTAINER_KEYS } from './container-keys.js';
import { boolean, choice, integer, type Key, listOf } from './key.js';
import { adviceOf, CLOUD_METADATA, isNetwork, SUBNET6_BITS, subnet6Advice } from './networks.js';
import { connections, parseContainerPort, parsePortRange, rate } from './values.js';

/** The subnet of the pool `default`, and of no other. */
export const DEFAULT_SUBNET = '10.213.0.0/16';
/** A larger pool would need more bridges and memory than a host has. */
const MAX_ENDPOINTS = 65_000;
const MIN_PREFIX_LENGTH = 8;
const MAX_PREFIX_LENGTH = 29;
export const POOL_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const POOL_NAME_ALLOWED = 'a-z, 0-9 and -, not - first, at most 32 characters';

function acceptsSubnet(value: unknown): boolean {
  return typeof value === 'string' && subnetAdvice(value) === undefined;
}

function subnetAdvice(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return adviceOf(() => {
    const subnet = parseSubnet(value);
    if (subnet.prefixLength < MIN_PREFIX_LENGTH) return 'too large';
    if (subnet.prefixLength > MAX_PREFIX_LENGTH) return 'too small';
    return isOfHosts(subnet) ? undefined : 'not a network of hosts';
  });
}

const MTU = integer(68, 65_535);

/** The keys of a table `[pools.NAME]`. */
export const POOL_KEYS = {
  subnet: {
    name: 'subnet',
    type: 'string',
    initial: null as string | null,
    initialMeaning: `\`${DEFAULT_SUBNET}\` for the pool \`default\`; required for others`,
    allowed: `an IPv4 network in CIDR notation, /${MIN_PREFIX_LENGTH} to /${MAX_PREFIX_LENGTH}, such as ${DEFAULT_SUBNET}`,
    meaning: "The pool's network. Its first host address is the gateway's; no two pools may overlap.",
    accepts: acceptsSubnet,
    advice: subnetAdvice,
  },
  subnet6: {
    name: 'subnet6',
    type: 'string',
    initial: null as string | null,
    initialMeaning: 'none: IPv4 only',
    allowed: `an IPv6 network in CIDR notation, /${SUBNET6_BITS.least} to /${SUBNET6_BITS.most}, such as fd00:213::/64`,
    meaning:
      "The pool's network of IPv6, beside that of IPv4. Its first address is the gateway's; the address of an endpoint ends with its IPv4 address.",
    accepts: (value) => typeof value === 'string' && subnet6Advice(value) === undefined,
    advice: subnet6Advice,
  },
  subnetFile: {
    name: 'subnet_file',
    type: 'string',
    initial: '',
    initialMeaning: 'none',
    allowed: 'an absolute path, such as "/run/flannel/subnet.env"',
    meaning:
      'A file from which the daemon takes what is not set here when it reads the configuration: `subnet` (FLANNEL_SUBNET), `mtu` (FLANNEL_MTU), `masquerade` (not FLANNEL_IPMASQ) and `masquerade_except` (FLANNEL_NETWORK).',
    accepts: (value) => typeof value === 'string' && (value === '' || value.startsWith('/')),
  },
  minReady: {
    name: 'min_ready',
    ...integer(0, MAX_ENDPOINTS),
    initial: 16,
    initialMeaning: '16, or `max` if that is less',
    meaning: 'How many endpoints are kept ready; with `sizing = "demand"` the minimum.',
  },
  max: {
    name: 'max',
    ...integer(1, MAX_ENDPOINTS),
    initial: 256,
    initialMeaning: '256, or the number of addresses of the subnet if that is less',
    meaning: 'The maximum number of endpoints, leased ones included.',
  },
  mtuBytes: {
    name: 'mtu',
    type: 'integer or string',
    initial: 'auto' as number | 'auto',
    initialMeaning: '`"auto"`',
    allowed: `${MTU.allowed}, or "auto"`,
    accepts: (value) => value === 'auto' || MTU.accepts(value),
    meaning:
      "MTU of the container's interface, in bytes; `auto`: that of the route by which this host's packets go out, or 1500 where there is none.",
  },
  buildBatch: {
    name: 'build_batch',
    ...integer(1, 1024),
    initial: 16,
    meaning: 'How many endpoints a refill builds in one batch; a cold build waits for one batch at most.',
  },
  addressCooldownSeconds: {
    name: 'address_cooldown_seconds',
    formerName: 'address_rest',
    ...integer(0, 86_400),
    initial: 30,
    meaning:
      'Seconds before the address of a destroyed endpoint that was leased is reused. No acquire shortens it: the subnet needs addresses beyond `max` for every endpoint replaced in that time.',
  },
  recycle: {
    name: 'recycle',
    ...choice(['verify', 'replace', 'reuse']),
    initial: 'verify' as PoolConfig['recycle'],
    meaning:
      'What follows a release: `verify` checks that the endpoint is pristine and replaces it if it is not; `replace` always replaces it; `reuse` returns it to the pool unchecked, which is unsafe and exists for comparison.',
  },
  unknownSpec: {
    name: 'unknown_spec',
    formerName: 'trust',
    ...choice(['proof', 'seal', 'replace']),
    initial: 'proof' as PoolConfig['unknownSpec'],
    meaning:
      "How a released endpoint is verified when the container's spec is not known (a plain `acquire`): by `proof`, by its `seal`, or not at all: `replace`.",
  },
  sizing: {
    name: 'sizing',
    ...choice(['demand', 'fixed']),
    initial: 'demand' as PoolConfig['sizing'],
    meaning:
      'How many endpoints are kept ready: `demand` follows recent bursts, between `min_ready` and `max`; `fixed` keeps `min_ready`.',
  },
  idleSeconds: {
    name: 'idle_seconds',
    ...integer(1, 86_400),
    initial: 300,
    meaning:
      'With `sizing = "demand"`: seconds for which a burst counts in full; after that it fades by half each time as long. An idle endpoint above the target is kept for a tenth of it.',
  },
  goneAfterSeconds: {
    name: 'gone_after_seconds',
    ...integer(0, 86_400),
    initial: 300,
    meaning:
      'Seconds without a process inside before the lease of a container (made by `oci patch`, netnsd-runc or a hook) is released, once its container was seen; 0: never.',
  },
  unusedAfterSeconds: {
    name: 'unused_after_seconds',
    ...integer(0, 2_592_000),
    initial: 3600,
    meaning: 'The same for a lease whose container was never seen; 0: never.',
  },
  masquerade: {
    name: 'masquerade',
    ...boolean,
    initial: true,
    meaning:
      "Whether containers reach what this host reaches, with the host's address (NAT by nftables; forwarding is switched on). Nothing beyond the host can open a connection to such a container.",
  },
  masqueradeExcept: {
    name: 'masquerade_except',
    ...listOf(isNetwork),
    initialMeaning: 'none, or what `subnet_file` says',
    allowed: 'an array of IPv4 networks in CIDR notation, such as ["10.244.0.0/16"]',
    meaning:
      'With `masquerade`: networks that containers reach with their own addresses, and from which they are reached, such as the pods of other nodes.',
  },
  publish: {
    name: 'publish',
    ...listOf((item) => parseContainerPort(item) !== undefined),
    allowed: 'an array of ports of the container with their protocols, such as ["8080/tcp", "53/udp"]',
    written: (ports: PoolConfig['publish']) => ports.map(({ port, protocol }) => `${port}/${protocol}`),
    meaning:
      'Ports that every container of the pool publishes, each at a port of the host of its own (`publishedPorts` of the lease), which stays the same for its endpoint.',
  },
  publishRange: {
    name: 'publish_range',
    type: 'string',
    initial: '30000-39999',
    allowed: 'two ports from 1 to 65535 with a hyphen between, the lower one first, such as "30000-39999"',
    meaning:
      'Ports of the host that `publish` may use. Those at which something listens when the pool is first served are passed over.',
    accepts: (value) => parsePortRange(value) !== undefined,
    written: (range: PoolConfig['publishRange']) => range.join('-'),
  },
  hostAccess: {
    name: 'host_access',
    ...boolean,
    initial: true,
    meaning: 'Whether containers reach the host itself, on all of its addresses.',
  },
  egressDeny: {
    name: 'egress_deny',
    ...listOf(isNetwork),
    initial: CLOUD_METADATA as readonly string[],
    initialMeaning: `the metadata addresses of clouds: ${CLOUD_METADATA.map((one) => `\`${one}\``).join(', ')}`,
    allowed: 'an array of networks in CIDR notation, such as ["10.0.0.0/8", "fd00::/8"]',
    meaning: 'What containers do not reach, whether it is beyond the host or on it.',
  },
  egressAllow: {
    name: 'egress_allow',
    ...listOf(isNetwork),
    allowed: 'an array of networks in CIDR notation, such as ["10.1.0.0/16"]',
    meaning: 'What containers reach although `egress_deny` contains it.',
  },
  antiSpoof: {
    name: 'anti_spoof',
    ...boolean,
    initial: true,
    meaning:
      "Whether containers send from their endpoint's MAC and addresses only, IPv4, ARP and (with `subnet6`) IPv6, without VLAN tags; all else that they send is dropped. `false` for containers with addresses or MACs of their own (macvlan).",
  },
  isolation: {
    name: 'isolation',
    ...choice(['none', 'tenant', 'full']),
    initial: 'none' as PoolConfig['isolation'],
    meaning:
      'Which containers of the pool reach each other: all (`none`), those of one tenant (`tenant`, which needs `anti_spoof`), or none: they reach the gateway and what is beyond it (`full`).',
  },
  flood: {
    name: 'flood',
    ...boolean,
    initial: false,
    meaning:
      'Whether broadcast and multicast of a container, and of the host, reach all containers of the pool. It needs `isolation = "none"`.',
  },
  rateInBits: rate('rate_in', 'Most that a container receives.'),
  rateOutBits: rate('rate_out', 'Most that a container sends; one with CAP_NET_ADMIN can lift it.'),
  maxConnections: connections(
    'max_connections',
    'Connections that a container may have open through the host, or to it, of those that it opened. It needs `anti_spoof`.',
  ),
  maxConnectionsPerSecond: connections(
    'max_connections_per_second',
    'How many of these it may open in a second. It needs `anti_spoof`.',
  ),
  ...CONTAINER_KEYS,
  mountDns: {
    name: 'mount_dns',
    ...boolean,
    initial: false,
    meaning:
      "Whether containers whose bundle is patched see the pool's DNS settings as `/etc/resolv.conf` and their own address in `/etc/hosts`, where the spec mounts no files of its own (as Podman does without `--no-hosts --dns none`).",
  },
} satisfies Record<string, Key<unknown>>;
