import fs from 'node:fs';
import { NetnsdError } from '../errors.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Why a file is not one that netnsd wrote and nobody else may change; undefined where it is. */
export function foreignness(stats: fs.Stats): string | undefined {
  if (!stats.isFile()) return 'it is no regular file';
  if (stats.uid !== process.geteuid?.()) return `it belongs to user ${stats.uid}`;
  if ((stats.mode & 0o022) !== 0) return 'others may write to it';
  return stats.nlink === 1 ? undefined : 'it has another name elsewhere';
}

/**
 * Reads a file that netnsd wrote. Neither follows a symlink, nor waits at a fifo, nor opens a device; throws an Error that
 * says what is wrong with it.
 */
export function readOwnFile(path: string, largestBytes: number): string {
  // A device may act on being opened, so one look before that; the looks after it are those that count.
  if (!fs.lstatSync(path).isFile()) throw new Error('it is no regular file');
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

/** What was read stands, whatever close(2) says; the descriptor is gone in any case. */
function closeAnyway(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // EINTR or EIO, of which neither speaks of what was read.
  }
}

/** Errors that speak of the machine at this moment, not of the file. */
const HARDSHIPS = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EINTR', 'EAGAIN', 'EIO', 'EBUSY', 'ENOSPC', 'EDQUOT'];

/** Whether an error speaks of the machine at this moment, so that what failed may succeed later. */
export function isHardship(error: unknown): boolean {
  return HARDSHIPS.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Throws `state_unusable` where `error` says nothing about the file itself: what it holds must not be given up for that. */
export function refuseHardship(error: unknown, path: string): void {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!isHardship(error)) return;
  const text = `${path} cannot be read or written now, and leases may depend on it: ${message}; start netnsd again`;
  throw new NetnsdError('state_unusable', text, { cause: error, details: { path, errno: code } });
}

/** Puts a file with this text in the place of `path`, by a rename; follows no symlink. Throws what node:fs throws. */
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
