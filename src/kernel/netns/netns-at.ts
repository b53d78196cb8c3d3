import { type Stats, statSync } from 'node:fs';

/** The device of nsfs, on which every namespace is. */
let device: number | undefined;

/** Inode of the network namespace to which an absolute path leads; undefined: to none, or to something else. */
export function netnsAt(path: string): number | undefined {
  device ??= statSync('/proc/self/ns/net').dev;
  const stats = tryStat(path);
  return stats?.dev === device ? stats.ino : undefined;
}

function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What a path of another program's shows: here, and in the mount namespace of the first process, where runtimes mount. */
export function netnsSeenAt(path: string): number[] {
  return [path, `/proc/1/root${path}`].flatMap((view) => netnsAt(view) ?? []);
}
