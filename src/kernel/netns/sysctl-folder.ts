import { NetnsdError } from '../../errors.js';
import { closeAnyway, mountProcfs } from '../libc.js';

/**
 * `/proc/sys` for many namespaces. The kernel keeps an entry `net` of each namespace whose sysctls were looked up in a procfs, and compares
 * all of them one by one at every further lookup there (proc_sys_compare of fs/proc/proc_sysctl.c): with 1 000 namespaces, a lookup takes ten
 * times as long, for other programs too. So this is a procfs of its own, mounted nowhere, which goes with its entries.
 */
export class SysctlFolder implements Disposable {
  /** Ends with `sys`; for this process only. Of the namespace in which the calling thread stands. */
  readonly path: string;
  readonly #fd: number | null;

  /** Where a procfs cannot be made (before Linux 5.2; refused by a seccomp filter, or in a container), `/proc/sys` itself. */
  static open(): SysctlFolder {
    try {
      return new SysctlFolder(mountProcfs());
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      return new SysctlFolder(null);
    }
  }

  private constructor(fd: number | null) {
    this.#fd = fd;
    this.path = fd === null ? '/proc/sys' : `/proc/self/fd/${fd}/sys`;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== null) closeAnyway(this.#fd);
  }
}
