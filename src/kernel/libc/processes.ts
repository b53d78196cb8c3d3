import { check, native } from './native.js';

const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
/** _LINUX_CAPABILITY_VERSION_3 of include/uapi/linux/capability.h: two words of each set. */
const CAPABILITY_VERSION = 0x20080522;

/** PR_CAPBSET_DROP of prctl(2), on the calling thread. */
export function dropFromBoundingSet(capability: number): void {
  check(native.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), () => `drop capability ${capability}`);
}

/** PR_SET_NO_NEW_PRIVS of prctl(2), on the calling thread: no execve(2) of it or its children gains anything. */
export function forbidNewPrivileges(): void {
  check(native.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), () => 'forbid new privileges');
}

/** capset(2) of the calling thread; what is permitted is effective as well. */
export function setCapabilities(masks: { permitted: bigint; inheritable: bigint }): void {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION);
  const data = Buffer.alloc(24);
  for (const word of [0, 1]) {
    const bitsOf = (mask: bigint): number => Number((mask >> BigInt(32 * word)) & 0xffffffffn);
    data.writeUInt32LE(bitsOf(masks.permitted), 12 * word);
    data.writeUInt32LE(bitsOf(masks.permitted), 12 * word + 4);
    data.writeUInt32LE(bitsOf(masks.inheritable), 12 * word + 8);
  }
  check(native.capset(header, data), () => 'set capabilities');
}

/** execve(2): another program in the place of this one, with all threads gone; returns only by throwing. */
export function replaceProcess(program: {
  path: string;
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}): void {
  const env = Object.entries(program.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  check(native.execve(program.path, [...program.argv, null], [...env, null]), () => `execute ${program.path}`);
}

/** gettid(2): the calling thread's id. */
export function threadId(): number {
  return native.gettid();
}

/** mallopt(3); false if the parameter is not known. */
export function mallopt(parameter: number, value: number): boolean {
  return native.mallopt(parameter, value) === 1;
}

/** malloc_trim(3), keeping nothing spare. */
export function mallocTrim(): void {
  native.mallocTrim(0);
}
