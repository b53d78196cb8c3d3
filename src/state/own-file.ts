import fs from 'node:fs';
import { NetnsdError } from '../errors.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Why a file may not be netnsd's own, or may be changed by others; undefined if it is safe to use. */
export function foreignness(stats: fs.Stats): string | undefined {
  if (!stats.isFile()) return 'it is not a regular file';
  if (stats.uid !== process.geteuid?.()) return `it belongs to user ${stats.uid}`;
  if ((stats.mode & 0o022) !== 0) return 'it is writable by others';
  return stats.nlink === 1 ? undefined : 'it has another name elsewhere';
}

/**
 * Reads a file that netnsd wrote. Does not follow a symlink, block on a fifo or open a device. Throws an Error that says what is
 * wrong with the file.
 */
export function readOwnFile(path: string, largestBytes: number): string {
  // Opening a device may have effects, so check first; the checks on the descriptor are those that count.
  if (!fs.lstatSync(path).isFile()) throw new Error('it is not a regular file');
  const fd = openUnfollowed(path);
  try {
    const stats = fs.fstatSync(fd);
    const problem = foreignness(stats);
    if (problem !== undefined) throw new Error(problem);
    if (stats.size > largestBytes) throw new Error(`it has ${stats.size} bytes`);
    return fs.readFileSync(fd, 'utf8');
  } finally {
    closeAnyway(fd);
  }
}

/** The content has been read, whatever close(2) reports; the descriptor is closed in any case. */
function closeAnyway(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // EINTR or EIO: neither is about what was read.
  }
}

/** Errors about the state of the machine, not about the file. */
const TRANSIENT_CODES = [
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EINTR',
  'EAGAIN',
  'EIO',
  'EBUSY',
  'ENOSPC',
  'EDQUOT',
];

/** Whether an error is about the state of the machine, so that a retry may succeed. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT_CODES.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Throws `state_unusable` if `error` is about the machine: the content of the file must not be given up for that. */
export function throwIfTransient(error: unknown, path: string): void {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!isTransient(error)) return;
  const text = `${path} cannot be read or written now, and leases may depend on it: ${message}; start netnsd again`;
  throw new NetnsdError('state_unusable', text, { cause: error, details: { path, errno: code } });
}

/** Replaces the file at `path` by a rename; does not follow a symlink. Throws what node:fs throws. */
export function replaceOwnFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  fs.rmSync(temporary, { recursive: true, force: true });
  try {
    fs.writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function openUnfollowed(path: string): number {
  try {
    return fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? new Error('it is a symlink') : error;
  }
}

/** The names in a folder; none where there is no folder. Throws what node:fs throws otherwise. */
export function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
