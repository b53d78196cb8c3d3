import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { NetnsdError } from '../errors.js';
import { octal, unsafeAncestor } from './ancestors.js';
import { SET_ASIDE } from './layout.js';
import { ENDPOINT_STATES } from './record.js';
import { type RecordWarning, setForeignFilesAside } from './set-aside.js';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Opens the state directory, or makes it (mode 0700), with a folder a state and one for what is set aside. Returns its
 * absolute path. Throws `state_dir_unsafe` when it or one of its folders is a symlink, no directory, another user's, or
 * writable by others, or when others may replace it as a whole: records in it would be obeyed by root. Files in it that bear
 * the names of netnsd's and are not are set aside, and `warn` hears of each.
 */
export function openStateDirectory(path: string, warn: (warning: RecordWarning) => void = () => undefined): string {
  const root = resolve(path);
  makeDirectory(root);
  const unsafeParent = unsafeAncestor(root);
  if (unsafeParent !== undefined) throw unsafe(unsafeParent.path, unsafeParent.stats, unsafeParent.problem);
  for (const folder of [...ENDPOINT_STATES, SET_ASIDE]) makeDirectory(join(root, folder));
  setForeignFilesAside(root, warn);
  return root;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Something else bears the name (EEXIST): it is looked at below, and named for what it is.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
  }
  // lstat: a symlink to a directory satisfies mkdir, and may point anywhere tomorrow.
  assertSafe(path, lstatSync(path));
}

function assertSafe(path: string, stats: Stats): void {
  const problem = problemOf(path, stats);
  if (problem !== undefined) throw unsafe(path, stats, problem);
}

/** What is wrong with a folder of the state, to follow its path; undefined where only this user may change what is in it. */
function problemOf(path: string, stats: Stats, uid = process.geteuid?.()): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symlink: name the directory itself';
  if (!stats.isDirectory()) return 'is no directory: move it away, or name another';
  if (stats.uid !== uid) return `belongs to user ${stats.uid}, not ${uid}: chown it, or name another`;
  if ((stats.mode & OTHERS_MAY_WRITE) === 0) return undefined;
  return `has mode ${octal(stats)}, so others may write to it: chmod 700 ${path}`;
}

/**
 * What would keep a daemon of the user `uid` from using a state directory, in one line; undefined where nothing would.
 * Changes nothing.
 */
export function stateDirectoryProblem(path: string, uid: number | undefined): string | undefined {
  const root = resolve(path);
  const parent = unsafeAncestor(root);
  if (parent !== undefined) return `${parent.path} ${parent.problem}`;
  for (const folder of [root, ...[...ENDPOINT_STATES, SET_ASIDE].map((name) => join(root, name))]) {
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    const problem = stats && problemOf(folder, stats, uid);
    if (problem !== undefined) return `${folder} ${problem}`;
  }
  return undefined;
}

function unsafe(path: string, stats: Stats, what: string): NetnsdError {
  const details = { path, mode: octal(stats), uid: stats.uid };
  return new NetnsdError('state_dir_unsafe', `state directory ${path} ${what}`, { details });
}

function unusable(path: string, cause: unknown): NetnsdError {
  const { code = 'unknown', message } = cause as NodeJS.ErrnoException;
  const what = `state directory ${path} cannot be made (${message}): name another, or mend its parent`;
  return new NetnsdError('state_dir_unsafe', what, { cause, details: { path, errno: code } });
}
