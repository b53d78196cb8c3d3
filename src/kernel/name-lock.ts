import { closeFd, listenOnName, nameListener } from './libc.js';

/** Who holds a name: a process id of 0 is in another PID namespace. */
export interface NameHolder {
  readonly pid: number;
  readonly uid: number;
}

export type NameLockAttempt =
  | { readonly lock: NameLock }
  /** Undefined where the holder cannot be told. */
  | { readonly lock?: undefined; readonly holder: NameHolder | undefined };

/**
 * A lock in the kernel: an abstract unix socket (unix(7)) that listens under a name in the network namespace of the calling
 * thread. No file can be removed under it, processes in other mount and PID namespaces see it, and the kernel gives it back
 * when the process ends, however it ends.
 */
export class NameLock implements Disposable {
  readonly #fd: number;

  static acquire(name: string): NameLockAttempt {
    const fd = listenOnName(name);
    return fd === undefined ? { holder: nameListener(name) } : { lock: new NameLock(fd) };
  }

  private constructor(fd: number) {
    this.#fd = fd;
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
