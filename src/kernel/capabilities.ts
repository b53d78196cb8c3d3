import { readFileSync } from 'node:fs';

/** Numbers of include/uapi/linux/capability.h that netnsd needs, with what each is for. */
export const NEEDED_CAPABILITIES = {
  CAP_NET_ADMIN: { number: 12, reason: 'make links, addresses and routes' },
  CAP_SYS_ADMIN: { number: 21, reason: 'make, enter and mount network namespaces' },
} as const;

/** The needed capabilities that this process lacks in its effective set; proc_pid_status(5). */
export function missingCapabilities(): { name: string; reason: string }[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(NEEDED_CAPABILITIES).flatMap(([name, { number, reason }]) =>
    (effective >> BigInt(number)) & 1n ? [] : [{ name, reason }],
  );
}
