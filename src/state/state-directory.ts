import { accessSync, constants, existsSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NetnsdError } from '../errors.js';
import { octal, unsafeAncestor } from './ancestors.js';
import { RECORD_FOLDERS } from './layout.js';
import { type RecordWarning, setForeignFilesAside } from './records/set-aside.js';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Opens the state directory, or makes it (mode 0700), with a folder for each state and one for what is set aside. Returns its
 * absolute path. Throws `state_dir_unsafe` if it or one of its folders is a symlink, is not a directory, belongs to another user
 * or is writable by others, or if others may replace it: root trusts the records in it. Files in it that have the name of a file
 * of netnsd's and are not safe to use are set aside; `warn` is called for each.
 */
export function openStateDirectory(path: string, warn: (warning: RecordWarning) => void = () => undefined): string {
  const root = resolve(path);
  const folders = [root, ...RECORD_FOLDERS.map((name) => join(root, name))];
  // All that is wrong with what is there is found before anything is made.
  for (const folder of folders) assertSafe(folder, lstatSync(folder, { throwIfNoEntry: false }));
  const unsafeParent = unsafeAncestor(root);
  if (unsafeParent !== undefined) throw unsafe(unsafeParent.path, unsafeParent.stats, unsafeParent.problem);
  for (const folder of folders) makeDirectory(folder);
  setForeignFilesAside(root, warn);
  return root;
}

/** Whether the state directory has all folders that `openStateDirectory` makes. */
export function isStateDirectoryWhole(root: string): boolean {
  return RECORD_FOLDERS.every((name) => lstatSync(join(root, name), { throwIfNoEntry: false })?.isDirectory());
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // EEXIST: there is something that is not a directory; the check below says what.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, unwritableAbove(path) ?? error);
  }
  // lstat: mkdir accepts a symlink to a directory, whose target may change.
  assertSafe(path, lstatSync(path));
}

/** Why nothing can be made there; undefined: something can. On a read-only file system Node.js's mkdir says ENOENT. */
function unwritableAbove(path: string): unknown {
  let parent = dirname(path);
  while (!existsSync(parent)) parent = dirname(parent);
  try {
    accessSync(parent, constants.W_OK);
    return undefined;
  } catch (error) {
    return error;
  }
}

function assertSafe(path: string, stats: Stats | undefined): void {
  const problem = stats && problemOf(path, stats);
  if (stats !== undefined && problem !== undefined) throw unsafe(path, stats, problem);
}

/** What is wrong with a folder, to follow its path; undefined if only this user may change what is in it. */
function problemOf(path: string, stats: Stats, uid = process.geteuid?.()): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symlink: name the directory itself';
  if (!stats.isDirectory()) return 'is not a directory: move it away, or name another';
  if (stats.uid !== uid) return `belongs to user ${stats.uid}, not ${uid}: chown it, or name another`;
  if ((stats.mode & OTHERS_MAY_WRITE) === 0) return undefined;
  return `has mode ${octal(stats)}, so others may write to it: chmod 700 ${path}`;
}

/**
 * Why a daemon of the user `uid` would refuse a state directory, in one line; undefined if it would not. Changes nothing.
 */
export function stateDirectoryProblem(path: string, uid: number | undefined): string | undefined {
  const root = resolve(path);
  const parent = unsafeAncestor(root);
  if (parent !== undefined) return `${parent.path} ${parent.problem}`;
  for (const folder of [root, ...RECORD_FOLDERS.map((name) => join(root, name))]) {
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
  const what = `state directory ${path} cannot be made (${message}): name another, or repair its parent`;
  return new NetnsdError('state_dir_unsafe', what, { cause, details: { path, errno: code } });
}
