import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { closeFd, enterMountNamespace, MS_BIND, mount, openFd, unshareFileSystemAttributes } from '../libc.js';
import { linkPath, retractPath } from './lease-paths.js';
import { removeNetns, ThreadLostError } from './netns.js';
import { VAULT_HUBS, VAULT_MOUNTS, VAULT_PIN } from './vault-layout.js';

/**
 * The vault as the kernel thread has it: the mount namespace in which this daemon's network namespaces are mounted, each at
 * `/ns/ENDPOINT`, with a symbolic link `/netns/ENDPOINT.TOKEN` for a lease to find it by, and hubs at `/hubs/HUB`. It is held by descriptors, so that
 * nothing here depends on a process in it, or on a path that leads through one.
 */
export class Vault implements Disposable {
  /** Inode of the mount namespace, as `/proc/PID/ns/mnt` shows it. */
  readonly inode: number;
  readonly stateDir: string;
  /** Path of the vault's root, for any thread of this process, and only this one, until the vault is closed. */
  readonly root: string;
  readonly #fds: { readonly vault: number; readonly home: number; readonly root: number };

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
      const root = visit({ vault, home }, () => {
        // A vault of an earlier version has no such folder.
        mkdirSync(VAULT_HUBS, { recursive: true, mode: 0o755 });
        return open('/');
      });
      return new Vault(stateDir, { vault, home, root });
    } catch (error) {
      for (const fd of fds) closeFd(fd);
      throw error;
    }
  }

  private constructor(stateDir: string, fds: { vault: number; home: number; root: number }) {
    this.stateDir = stateDir;
    this.root = `/proc/self/fd/${fds.root}`;
    this.#fds = fds;
    this.inode = fstatSync(fds.vault).ino;
  }

  /** Runs `act`, which must be synchronous throughout, with the calling thread in the vault: only there can mounts be made. */
  within<T>(act: () => T): T {
    return visit(this.#fds, act);
  }

  /** Where an endpoint's namespace is mounted, for a thread that is within. */
  mountPoint(id: string): string {
    return `${VAULT_MOUNTS}/${id}`;
  }

  /** Where any thread of this process, and only this one, finds the namespace of an endpoint. */
  pathOf(id: string): string {
    return `${this.root}${VAULT_MOUNTS}/${id}`;
  }

  /**
   * Mounts a namespace that was mounted elsewhere, behind a descriptor of this process, as that of an endpoint, with a link of
   * a given name. What is there already stays. Throws kernel_error.
   */
  adopt({ id, fd, linkName }: { id: string; fd: number; linkName: string }): void {
    if (statSync(this.pathOf(id), { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino)
      this.#mount(this.mountPoint(id), fd);
    retractPath(this, linkName);
    linkPath(this, { id, name: linkName });
  }

  /** What is mounted, by endpoint: the namespace's inode; undefined where the file is there and nothing is mounted on it. */
  namespaces(): Map<string, number | undefined> {
    const { dev } = statSync('/proc/self/ns/net');
    const ids = readdirSync(`${this.root}${VAULT_MOUNTS}`);
    return new Map(ids.map((id) => [id, mountedInode(this.pathOf(id), dev)]));
  }

  /** Where a hub is mounted, for a thread that is within. */
  hubPoint(name: string): string {
    return `${VAULT_HUBS}/${name}`;
  }

  /** Where any thread of this process, and only this one, finds the namespace of a hub. */
  hubPath(name: string): string {
    return `${this.root}${VAULT_HUBS}/${name}`;
  }

  /** The hubs that are mounted, with their namespaces' inodes. */
  hubs(): Map<string, number> {
    const { dev } = statSync('/proc/self/ns/net');
    const names = readdirSync(`${this.root}${VAULT_HUBS}`);
    return new Map(
      names.flatMap((name) => {
        const inode = mountedInode(this.hubPath(name), dev);
        return inode === undefined ? [] : [[name, inode]];
      }),
    );
  }

  /** Mounts the namespace behind a descriptor as a hub again. Throws kernel_error. */
  mountHub(name: string, fd: number): void {
    this.#mount(this.hubPoint(name), fd);
  }

  #mount(point: string, fd: number): void {
    this.within(() => {
      removeNetns(point);
      closeSync(openSync(point, 'wx', 0o444));
      mount({ source: `/proc/self/fd/${fd}`, target: point, flags: MS_BIND });
    });
  }

  close(): void {
    for (const fd of Object.values(this.#fds)) closeFd(fd);
  }

  [Symbol.dispose](): void {
    this.close();
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
