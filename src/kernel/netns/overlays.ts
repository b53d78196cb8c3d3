import { errnoOf } from '../errno.js';
import { MNT_DETACH, UMOUNT_NOFOLLOW, unmount } from '../libc.js';
import { netnsAt } from './netns-at.js';

/** How often one place is unmounted at most: the plugin mounts once. */
const LAYERS = 16;

/**
 * Unmounts a network namespace from a path of a container runtime's, as often as it lies on top there; what else lies there stays.
 * Throws kernel_error.
 */
export function removeOverlay({ path, inode }: { path: string; inode: number }): void {
  for (let layer = 0; layer < LAYERS && netnsAt(path) === inode; layer += 1) {
    try {
      unmount(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    } catch (error) {
      // No mount point: a path under /proc.
      if (['EINVAL', 'ENOENT'].includes(errnoOf(error) ?? '')) return;
      throw error;
    }
  }
}
