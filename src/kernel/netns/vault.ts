import { randomBytes } from 'node:crypto';
import { fstatSync, readdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isNotFound } from '../errno.js';
import { closeFd, enterMountNamespace, openFd, unshareFileSystemAttributes } from '../libc.js';
import { ThreadLostError } from './netns.js';

/** Where the vault's mount namespace is pinned, below the state directory; native-scripts/netnsd-vault/pin.h. */
export const VAULT_PIN = 'vault/mnt';
/** The symbolic link of the state directory that leads to the links of leases. */
export const VAULT_LINK = 'netns';
/** In the vault: the folder of mount points, as the kernel shows them to whoever has one of the namespaces open. */
const MOUNTS = '/ns';

/**
 * The vault as the kernel thread has it: the mount namespace in which this daemon's network namespaces are mounted, each at
 * `/ns/ENDPOINT`, with a symbolic link `/netns/ENDPOINT.TOKEN` for a lease to find it by. It is held by descriptors, so that
 * nothing here depends on a process in it, or on a path that leads through one.
 */
export class Vault implements Disposable {
  /** Inode of the mount namespace, as `/proc/PID/ns/mnt` shows it. */
  readonly inode: number;
  readonly #stateDir: string;
  readonly #fds: { readonly vault: number; readonly home: number; readonly root: number };
  /** The names of links by endpoint. */
  readonly #links = new Map<string, string>();

  /**
   * Opens the vault of a state directory, which `startVault` has started. The calling thread gets a root of its own, so it
   * has to be one that others do not count on for theirs. Throws kernel_error.
   */
  static open(stateDir: string): Vault {
    const fds: number[] = [];
    try {
      const open = (path: string): number => fds[fds.push(openFd(path)) - 1] as number;
      const vault = open(join(stateDir, VAULT_PIN));
      const home = open('/proc/thread-self/ns/mnt');
      unshareFileSystemAttributes();
      const root = visit({ vault, home }, () => open('/'));
      return new Vault(stateDir, { vault, home, root });
    } catch (error) {
      for (const fd of fds) closeFd(fd);
      throw error;
    }
  }

  private constructor(stateDir: string, fds: { vault: number; home: number; root: number }) {
    this.#stateDir = stateDir;
    this.#fds = fds;
    this.inode = fstatSync(fds.vault).ino;
    for (const name of readdirSync(`${this.#root}/netns`)) this.#links.set(name.slice(0, name.lastIndexOf('.')), name);
  }

  /** Runs `act`, which must be synchronous throughout, with the calling thread in the vault: only there can mounts be made. */
  within<T>(act: () => T): T {
    return visit(this.#fds, act);
  }

  /** Where an endpoint's namespace is mounted, for a thread that is within. */
  mountPoint(id: string): string {
    return `${MOUNTS}/${id}`;
  }

  /** The path by which any thread of this process, and only this one, finds the namespace of an endpoint. */
  pathOf(id: string): string {
    return `${this.#root}${MOUNTS}/${id}`;
  }

  /** Gives an endpoint a path of its own by which runtimes find it, never the same twice; the one before is gone then. */
  publish(id: string): string {
    this.retract(id);
    const name = `${id}.${randomBytes(8).toString('hex')}`;
    symlinkSync(`..${MOUNTS}/${id}`, `${this.#root}/netns/${name}`);
    this.#links.set(id, name);
    return join(this.#stateDir, VAULT_LINK, name);
  }

  /** The path of an endpoint leads nowhere any more; absence is success. */
  retract(id: string): void {
    const name = this.#links.get(id);
    if (name === undefined) return;
    try {
      unlinkSync(`${this.#root}/netns/${name}`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#links.delete(id);
  }

  /** What is mounted, by endpoint: the namespace's inode; undefined where the file is there and nothing is mounted on it. */
  namespaces(): Map<string, number | undefined> {
    const { dev } = statSync('/proc/self/ns/net');
    const ids = readdirSync(`${this.#root}${MOUNTS}`);
    return new Map(ids.map((id) => [id, mountedInode(this.pathOf(id), dev)]));
  }

  close(): void {
    for (const fd of Object.values(this.#fds)) closeFd(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #root(): string {
    return `/proc/self/fd/${this.#fds.root}`;
  }
}

/** One synchronous block, as with network namespaces: a thread that cannot get back sees none of the machine's files. */
function visit<T>(fds: { readonly vault: number; readonly home: number }, act: () => T): T {
  enterMountNamespace(fds.vault);
  try {
    return act();
  } finally {
    try {
      enterMountNamespace(fds.home);
    } catch (error) {
      // biome-ignore lint/correctness/noUnsafeFinally: nothing that `act` threw counts on a thread that is lost.
      throw new ThreadLostError('the thread cannot get back to its mount namespace', { cause: error });
    }
  }
}

function mountedInode(path: string, nsfsDevice: number): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.dev === nsfsDevice ? stats.ino : undefined;
}
