import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { MNT_DETACH, MS_BIND, MS_PRIVATE, mount, UMOUNT_NOFOLLOW, unmount } from '../libc.js';

/** Paths in mountinfo have space, tab, newline and backslash as octal escapes; proc_pid_mountinfo(5). */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount points of this process's mount namespace that lie at or under `folder`, with their file system type. */
export function mountsUnder(folder: string): { path: string; type: string }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const path = unescapeOctal(left.split(' ')[4] ?? '');
      return path === folder || path.startsWith(`${folder}/`) ? [{ path, type: right.split(' ')[0] ?? '' }] : [];
    });
}

/**
 * Makes `folder` a mount point of its own with private propagation, as `ip netns` does with /run/netns: a namespace
 * mounted there is then copied into no other mount namespace while it is being mounted, and can be unmounted for good.
 * A folder that is a mount point already is left as it is.
 */
export function prepareMountFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) {
    throw new NetnsdError('state_dir_unsafe', `${folder} is not a folder: remove it, or choose another with netns_dir`);
  }
  if ((stats.mode & 0o022) !== 0 || (stats.uid !== 0 && stats.uid !== process.geteuid?.())) {
    const message = `others may write to ${folder}: chown it to root and chmod 755 it, or choose another with netns_dir`;
    throw new NetnsdError('state_dir_unsafe', message, { details: { path: folder } });
  }
  if (mountsUnder(folder).some(({ path }) => path === folder)) return;
  mount({ source: folder, target: folder, flags: MS_BIND });
  mount({ source: 'none', target: folder, flags: MS_PRIVATE });
}

/** Takes the folder's own mount away and removes it where it is empty; absence is success. Others' entries keep it. */
export function removeMountFolder(folder: string): void {
  const present = mountsUnder(folder);
  if (present.length > 1) return;
  try {
    if (readdirSync(folder).length > 0) return;
  } catch {
    return;
  }
  if (present.length === 1) unmount(folder, MNT_DETACH | UMOUNT_NOFOLLOW);
  rmdirSync(folder);
}
