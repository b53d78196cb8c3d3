import { unlinkSync } from 'node:fs';
import { errnoOf, isNotFound } from '../errno.js';
import {
  CLONE_NEWNET,
  closeFd,
  createFile,
  enterNetns,
  inodeOf,
  MNT_DETACH,
  MS_BIND,
  mount,
  openFd,
  UMOUNT_NOFOLLOW,
  unmount,
  unshare,
} from '../libc.js';

/** The calling thread's own entry: `/proc/self` would be the main thread's. */
const OWN_NETNS = '/proc/thread-self/ns/net';

/**
 * A network namespace held by a descriptor, to come back to. Entering others happens in one synchronous block of a
 * thread that does nothing else: if the way back fails, the thread stands in the wrong namespace and must end.
 */
export class NetnsHandle {
  readonly fd: number;
  #open = true;

  /** The namespace at `path`; without one, that of the calling thread. Throws kernel_error. */
  static open(path: string = OWN_NETNS): NetnsHandle {
    return new NetnsHandle(openFd(path));
  }

  private constructor(fd: number) {
    this.fd = fd;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Thrown when a thread could not get back to its namespace: nothing may run on that thread any more. */
export class ThreadLostError extends Error {
  override readonly name = 'ThreadLostError';
}

function leave(home: NetnsHandle): void {
  try {
    enterNetns(home.fd);
  } catch (error) {
    throw new ThreadLostError('the thread cannot get back to its network namespace', { cause: error });
  }
}

/** Runs `act` with the calling thread inside `namespace`, then goes back to `home`. `act` must be synchronous throughout. */
export function inside<T>(options: { namespace: NetnsHandle; home: NetnsHandle; act: () => T }): T {
  enterNetns(options.namespace.fd);
  try {
    return options.act();
  } finally {
    leave(options.home);
  }
}

/**
 * Makes a network namespace and mounts it at `path` (`ip netns add`), runs `act` inside it, goes back to `home`.
 * A failure leaves nothing behind; the caller closes the handle, and `removeNetns` removes the mount.
 */
export function createNetns<T>(options: { path: string; home: NetnsHandle; act: () => T }): {
  handle: NetnsHandle;
  inode: number;
  result: T;
} {
  const { path, home } = options;
  createFile(path, 0o444);
  let handle: NetnsHandle | undefined;
  try {
    unshare(CLONE_NEWNET);
    try {
      mount({ source: OWN_NETNS, target: path, flags: MS_BIND });
      handle = NetnsHandle.open();
      const result = options.act();
      return { handle, inode: inodeOf(handle.fd), result };
    } finally {
      leave(home);
    }
  } catch (error) {
    handle?.close();
    removeNetns(path);
    throw error;
  }
}

/** `ip netns delete`: unmounts `path` and removes its mount point; what is gone already counts as done. */
export function removeNetns(path: string): void {
  try {
    unmount(path, MNT_DETACH | UMOUNT_NOFOLLOW);
  } catch (error) {
    if (!isNotMounted(error)) throw error;
  }
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** EINVAL of umount2(2): the path is no mount point. */
function isNotMounted(error: unknown): boolean {
  return isNotFound(error) || errnoOf(error) === 'EINVAL';
}
