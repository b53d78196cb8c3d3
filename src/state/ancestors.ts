import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NetnsdError } from '../errors.js';

const OTHERS_MAY_WRITE = 0o022;
const WORLD_MAY_WRITE = 0o002;
const STICKY = 0o1000;

/** A folder above a path that lets others replace what is at the path. */
export interface UnsafeAncestor {
  readonly path: string;
  readonly stats: Stats;
  /** What is wrong and what to do, to follow the path: `belongs to user 1000: …`. */
  readonly problem: string;
}

/**
 * Checks every folder above `path` that exists, up to the root, with symlinks resolved: a user who may write to one may rename
 * its entries, unless it is sticky, as /tmp is; so may its owner. Undefined if only root and this user may. The group with id 0
 * counts as root.
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

/** The last part is not resolved, since its folder holds it; parts that do not exist yet stay as they are. */
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

/**
 * Throws `state_dir_unsafe` if others than root and this user may replace what is at `path`: a socket, so that clients would talk
 * to another program, or a namespace, so that a container would start in another one. `setting` is what moves it.
 */
export function assertPlaceSafe(path: string, setting: string): void {
  const unsafe = unsafeAncestor(path);
  if (unsafe === undefined) return;
  const message = `${unsafe.path} ${unsafe.problem}; or choose another with ${setting}`;
  throw new NetnsdError('state_dir_unsafe', message, { details: { path, folder: unsafe.path } });
}

/** The permissions with the special bits, as `chmod` takes them. */
export function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}
