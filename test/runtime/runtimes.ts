import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real runtime behind netnsd-runc. */
export interface Runtime {
  readonly name: 'runc' | 'crun' | 'runsc';
  /** What the settings of netnsd-runc name. */
  readonly file: string;
  /** How many containers are started at once. */
  readonly crowd: number;
  /** Whether the interface inside is not the kernel's own, whose addresses are then taken from it. */
  readonly hasOwnStack: boolean;
  /** Whether a second create of an id fails and leaves the first as it is. */
  readonly keepsTheFirst: boolean;
}

export const runc = (): Runtime => ({
  name: 'runc',
  file: 'runc',
  crowd: 100,
  hasOwnStack: false,
  keepsTheFirst: true,
});
export const crun = (): Runtime => ({
  name: 'crun',
  file: 'crun',
  crowd: 100,
  hasOwnStack: false,
  keepsTheFirst: true,
});

/**
 * gVisor by its platform ptrace, which needs nothing of the machine. Before it takes a namespace it looks for
 * /proc/sys/net/core/rmem_default, which only the first network namespace used to have; since Linux 6.9 all have it, and
 * a runsc of before takes every namespace for the machine's own and refuses. So it is hidden from it here.
 */
export function runsc(): Runtime {
  const file = join(mkdtempSync(join(tmpdir(), 'runsc-')), 'runsc');
  const hide = 'mount -t tmpfs -o ro tmpfs /proc/sys/net && exec runsc "$@"';
  const flags = '--platform=ptrace --ignore-cgroups --net-raw';
  writeFileSync(file, `#!/bin/sh\nexec unshare --mount --propagation slave sh -c '${hide}' runsc ${flags} "$@"\n`, {
    mode: 0o755,
  });
  // Debian 12's removes the state of the first, with netnsd or without.
  return { name: 'runsc', file, crowd: 20, hasOwnStack: true, keepsTheFirst: false };
}
