import { lstatSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errno.js';
import { MNT_DETACH, UMOUNT_NOFOLLOW, unmount } from '../libc.js';
import { NetnsHandle } from './netns.js';
import type { Vault } from './vault.js';

/** Where version 0.1 mounted namespaces: `FOLDER/PREFIXENDPOINT`, in the host's mount namespace. */
export interface FormerMounts {
  readonly folder: string;
  readonly prefix: string;
}

/**
 * Takes over what version 0.1 left mounted in the host: the namespaces go into the vault, with links of the names that they
 * had, and are unmounted here. Cut short, it can be done again. Throws kernel_error.
 */
export function takeOverMounts(vault: Vault, former: FormerMounts): void {
  const { dev } = statSync('/proc/self/ns/net');
  for (const name of namesIn(former)) {
    const path = join(former.folder, name);
    if (statSync(path).dev !== dev) continue;
    using namespace = NetnsHandle.open(path);
    vault.adopt({ id: name.slice(former.prefix.length), fd: namespace.fd, linkName: name });
  }
  removeFormerMounts(former);
}

/** Unmounts all of them; the folder goes if nothing else is in it. Throws kernel_error. */
export function removeFormerMounts(former: FormerMounts): void {
  const { folder } = former;
  if (!isFolder(folder)) return;
  for (const name of namesIn(former)) remove(join(folder, name));
  // The folder was a mount of its own, unless it is one that others use as well.
  if (readdirSync(folder).length > 0) return;
  tolerate(['EINVAL', 'ENOENT'], () => unmount(folder, MNT_DETACH | UMOUNT_NOFOLLOW));
  tolerate(['ENOENT', 'ENOTEMPTY', 'EBUSY'], () => rmdirSync(folder));
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function namesIn({ folder, prefix }: FormerMounts): string[] {
  return isFolder(folder) ? readdirSync(folder).filter((name) => name.startsWith(prefix)) : [];
}

/** Unmounts what is mounted on a file, and removes the file; symbolic links are another version's. */
function remove(path: string): void {
  if (lstatSync(path).isSymbolicLink()) return;
  tolerate(['EINVAL', 'ENOENT'], () => unmount(path, MNT_DETACH | UMOUNT_NOFOLLOW));
  tolerate(['ENOENT'], () => unlinkSync(path));
}

function tolerate(errnos: readonly string[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!errnos.includes(errnoOf(error) ?? '')) throw error;
  }
}
