import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const OTHERS_MAY_WRITE = 0o022;
const WORLD_MAY_WRITE = 0o002;
const STICKY = 0o1000;

/** A folder above `path` by which others may put something else in its place. */
export interface UnsafeAncestor {
  readonly path: string;
  readonly stats: Stats;
  /** What is wrong and how to mend it, to follow the path: `belongs to user 1000: …`. */
  readonly problem: string;
}

/**
 * Looks at every folder above `path` that exists, up to the root and without symlinks: who may write to one of them may
 * rename what is in it away, unless it is sticky, as /tmp is; who owns one may do as much. Undefined where only root and
 * this user may. A group of id 0 counts as root.
 */
export function unsafeAncestor(path: string): UnsafeAncestor | undefined {
  for (let child = realPath(resolve(path)); child !== '/'; child = dirname(child)) {
    const parent = dirname(child);
    const stats = lstatSync(parent, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const problem = problemOf(parent, child, stats);
    if (problem !== undefined) return { path: parent, stats, problem };
  }
  return undefined;
}

/** The last part may be a symlink, and is its folder's; parts that are not there yet stay as they are. */
function realPath(path: string): string {
  const folder = dirname(path);
  if (folder === path) return path;
  try {
    return join(realpathSync(folder), basename(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return join(realPath(folder), basename(path));
  }
}

function problemOf(parent: string, child: string, stats: Stats): string | undefined {
  if (stats.uid !== 0 && stats.uid !== process.geteuid?.())
    return `belongs to user ${stats.uid}, who may replace ${child}: choose a place whose folders are all root's`;
  const dangerous = stats.gid === 0 ? WORLD_MAY_WRITE : OTHERS_MAY_WRITE;
  if ((stats.mode & dangerous) === 0 || (stats.mode & STICKY) !== 0) return undefined;
  return `has mode ${octal(stats)}, so others may replace ${child}: chmod go-w ${parent}`;
}

/** The permissions and what stands before them, as `chmod` takes them. */
export function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}
