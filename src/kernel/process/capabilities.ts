import { readFileSync } from 'node:fs';

/** What a capability of capabilities(7) is for in netnsd, and what becomes of a daemon that lacks it. */
export interface Capability {
  /** Of include/uapi/linux/capability.h. */
  readonly number: number;
  /** To follow "to": `make, enter and mount network namespaces`. */
  readonly reason: string;
  /** Whether nothing works without it; otherwise only what `without` says is lost. */
  readonly required: boolean;
  readonly without: string;
}

/**
 * The capabilities that the daemon keeps; all others are dropped at its start. docs/privileges.md is held to this list by
 * a test, and test/runtime/privileges.test.ts starts a daemon without each of them.
 */
export const NEEDED_CAPABILITIES = {
  CAP_CHOWN: {
    number: 0,
    reason: 'keep the owner of a config.json that is patched, and give the socket to its group',
    required: false,
    without: 'a bundle of another user is not patched, and `socket_group` keeps the daemon from starting',
  },
  CAP_DAC_OVERRIDE: {
    number: 1,
    reason: 'read and patch a bundle that only its owner may enter',
    required: false,
    without: 'such a bundle is refused',
  },
  CAP_NET_ADMIN: {
    number: 12,
    reason: 'make links, addresses and routes',
    required: true,
    without: 'the daemon does not start',
  },
  CAP_SYS_CHROOT: {
    number: 18,
    reason: 'enter the mount namespace in which network namespaces are mounted',
    required: true,
    without: 'the daemon does not start',
  },
  CAP_SYS_PTRACE: {
    number: 19,
    reason: 'see which processes stand in a namespace',
    required: false,
    without:
      'a process with more privileges than the daemon is detected, but not named; without a BPF iterator it is not detected',
  },
  CAP_SYS_ADMIN: {
    number: 21,
    reason: 'make, enter and mount network namespaces',
    required: true,
    without: 'the daemon does not start',
  },
} as const satisfies Record<string, Capability>;

export type CapabilityName = keyof typeof NEEDED_CAPABILITIES;

/** The sets of a process as bit masks; proc_pid_status(5). */
export interface CapabilitySets {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly noNewPrivileges: boolean;
}

/** The sets of this process's main thread, or of the text of another's status file. */
export function readCapabilities(status: string = readFileSync('/proc/self/status', 'utf8')): CapabilitySets {
  const mask = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return {
    inheritable: mask('CapInh'),
    permitted: mask('CapPrm'),
    effective: mask('CapEff'),
    bounding: mask('CapBnd'),
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
  };
}

/** The needed ones as a mask. */
export function neededMask(): bigint {
  return Object.values(NEEDED_CAPABILITIES).reduce((mask, { number }) => mask | (1n << BigInt(number)), 0n);
}

/** The needed capabilities that this process lacks in its effective set. */
export function missingCapabilities(): ({ readonly name: CapabilityName } & Capability)[] {
  const { effective } = readCapabilities();
  return Object.entries(NEEDED_CAPABILITIES).flatMap(([name, capability]) =>
    (effective >> BigInt(capability.number)) & 1n ? [] : [{ name: name as CapabilityName, ...capability }],
  );
}
