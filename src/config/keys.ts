import { isIP } from 'node:net';
import { normalize } from 'node:path';
import { parseSubnet } from '../address/ipv4.js';
import { hasCode } from '../errors.js';
import type { Config, PoolConfig } from './types.js';

/**
 * One key of the configuration file. Validation, defaults, messages and the table of docs/reference.md all come from these.
 */
export interface Key<T> {
  readonly name: string;
  /** The name that an earlier version had for it; refused with the new one. */
  readonly formerName?: string;
  /** The TOML type, as the table of docs/reference.md names it. */
  readonly type: 'string' | 'integer' | 'boolean' | 'array of strings';
  readonly initial: T;
  /** The default in words, where `initial` does not say it all. */
  readonly initialMeaning?: string;
  /** What a value may be, to follow "allowed:". */
  readonly allowed: string;
  readonly meaning: string;
  readonly accepts: (value: unknown) => boolean;
  /** More about why this value was not accepted. */
  readonly advice?: (value: unknown) => string | undefined;
}

type LogLevel = Config['logLevel'];
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
/** The subnet of the pool `default`, and of no other. */
export const DEFAULT_SUBNET = '10.213.0.0/16';
/** Pools of more would need more bridges and memory than one host has for them. */
const MAX_ENDPOINTS = 65_000;
const MIN_PREFIX_LENGTH = 8;
const MAX_PREFIX_LENGTH = 29;
export const POOL_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const POOL_NAME_ALLOWED = 'a-z, 0-9 and -, not - first, 32 characters at the most';
const GROUP_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/;
/** What goes into a line of resolv.conf must not end the word or the line. */
const RESOLVER_WORD = /^[^\s\p{Cc}]{1,253}$/u;

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function integer(from: number, to: number) {
  return {
    type: 'integer' as const,
    allowed: `an integer from ${from} to ${to}`,
    accepts: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to,
  };
}

function choice(values: readonly string[]) {
  return {
    type: 'string' as const,
    allowed: values.map((value) => `"${value}"`).join(', '),
    accepts: (value: unknown) => typeof value === 'string' && values.includes(value),
  };
}

function listOf(accepts: (item: unknown) => boolean) {
  return {
    type: 'array of strings' as const,
    initial: [] as readonly string[],
    accepts: (value: unknown) => Array.isArray(value) && value.every(accepts),
  };
}

function acceptsSubnet(value: unknown): boolean {
  return typeof value === 'string' && subnetAdvice(value) === undefined;
}

function subnetAdvice(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const { prefixLength } = parseSubnet(value);
    if (prefixLength < MIN_PREFIX_LENGTH) return 'it is too large';
    return prefixLength > MAX_PREFIX_LENGTH ? 'it is too small' : undefined;
  } catch (error) {
    if (!hasCode(error, 'bad_request')) throw error;
    return error.message;
  }
}

export const TOP_KEYS = {
  netnsDir: {
    name: 'netns_dir',
    type: 'string',
    initial: null as string | null,
    initialMeaning: 'none',
    allowed: 'an absolute path',
    meaning:
      'Folder that has a symbolic link for each endpoint, for people: with `/run/netns`, `ip netns` lists and enters them. Other entries of it are not touched.',
    accepts: (value) => isText(value, /^\/[^\p{Cc}]*$/u) && normalize(value) !== '/',
  },
  socketGroup: {
    name: 'socket_group',
    type: 'string',
    initial: null as string | null,
    initialMeaning: 'none: root only',
    allowed: 'the name of a group',
    meaning: 'Group whose members may use the socket, and so acquire and release leases and resize pools.',
    accepts: (value) => isText(value, GROUP_NAME),
  },
  socketMode: {
    name: 'socket_mode',
    type: 'string',
    initial: null as string | null,
    initialMeaning: '`"0600"`, or `"0660"` with `socket_group`',
    allowed: 'an octal number that gives its owner both and all others nothing: "0600", "0620", "0640" or "0660"',
    meaning: 'Mode of the socket, set and checked at each start. Connecting needs write permission.',
    accepts: (value) => isText(value, /^0?6[0246]0$/),
  },
  reconcileSeconds: {
    name: 'reconcile_seconds',
    ...integer(1, 86_400),
    initial: 60,
    meaning: 'Seconds between two reconciles.',
  },
  logLevel: {
    name: 'log_level',
    type: 'string',
    initial: 'info' as LogLevel,
    allowed: LOG_LEVELS.join(', '),
    meaning: 'The least severe messages to log.',
    accepts: (value) => LOG_LEVELS.some((level) => level === value),
  },
} satisfies Record<string, Key<unknown>>;

export const POOL_KEYS = {
  subnet: {
    name: 'subnet',
    type: 'string',
    initial: null as string | null,
    initialMeaning: `\`${DEFAULT_SUBNET}\` for the pool \`default\`; others must say one`,
    allowed: `an IPv4 network in CIDR notation, /${MIN_PREFIX_LENGTH} to /${MAX_PREFIX_LENGTH}, such as ${DEFAULT_SUBNET}`,
    meaning: "The pool's network. Its first host address is the gateway's; no two pools may overlap.",
    accepts: acceptsSubnet,
    advice: subnetAdvice,
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
    initialMeaning: '256, or as many as the subnet has addresses for',
    meaning: 'The maximum number of endpoints, leased ones included.',
  },
  mtuBytes: {
    name: 'mtu',
    ...integer(68, 65_535),
    initial: 1500,
    meaning: "MTU of the container's interface, in bytes.",
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
  mountDns: {
    name: 'mount_dns',
    type: 'boolean',
    initial: false,
    allowed: 'true, false',
    meaning:
      "Whether containers whose bundle is patched see the pool's DNS settings as `/etc/resolv.conf` and their own address in `/etc/hosts`.",
    accepts: (value) => typeof value === 'boolean',
  },
} satisfies Record<string, Key<unknown>>;

export const DNS_KEYS = {
  servers: {
    name: 'servers',
    ...listOf((item) => typeof item === 'string' && isIP(item) !== 0),
    allowed: 'an array of IP addresses, such as ["10.0.0.53"]',
    meaning: 'Name servers that a lease tells its holder.',
  },
  search: {
    name: 'search',
    ...listOf((item) => isText(item, RESOLVER_WORD)),
    allowed: 'an array of domain names, such as ["svc.example.org"]',
    meaning: 'Search domains that a lease tells its holder.',
  },
  options: {
    name: 'options',
    ...listOf((item) => isText(item, RESOLVER_WORD)),
    allowed: 'an array of resolv.conf options, such as ["ndots:2"]',
    meaning: 'Resolver options (resolv.conf(5)) that a lease tells its holder.',
  },
} satisfies Record<string, Key<unknown>>;
