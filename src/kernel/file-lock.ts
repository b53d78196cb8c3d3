import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { NetnsdError } from '../errors.js';
import { tryLock } from './libc.js';

/** An exclusive lock on a file (flock(2)); the kernel gives it back when the process ends, however it ends. */
export class FileLock {
  readonly #fd: number;

  /**
   * Locks `path` and writes this process's id into it; undefined if another process holds the lock. Throws
   * `state_dir_unsafe` where `path` is anything but a regular file under this one name: it is about to be written to.
   */
  static acquire(path: string): FileLock | undefined {
    const fd = openLockFile(path);
    if (!tryLock(fd)) {
      closeSync(fd);
      return undefined;
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
    return new FileLock(fd);
  }

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether the file at `path` is still the one that is locked. */
  isAt(path: string): boolean {
    const own = fstatSync(this.#fd);
    const there = lstatSync(path, { throwIfNoEntry: false });
    return there !== undefined && there.ino === own.ino && there.dev === own.dev;
  }

  release(): void {
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** The lock of a folder (flock(2)), which other programs take as well; null: one of them holds it. Throws what node:fs throws. */
export function lockFolder(path: string): Disposable | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  if (tryLock(fd)) return { [Symbol.dispose]: () => closeSync(fd) };
  closeSync(fd);
  return null;
}

function openLockFile(path: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let fd: number;
  try {
    fd = openSync(path, flags, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ELOOP' || code === 'EISDIR' ? notAFile(path, error) : error;
  }
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink === 1) return fd;
  closeSync(fd);
  throw notAFile(path);
}

function notAFile(path: string, cause?: unknown): NetnsdError {
  return new NetnsdError('state_dir_unsafe', `${path} is not the regular file that netnsd makes: remove it`, { cause });
}

/** The process id that the holder wrote into a lock file, or undefined. Only true while the lock is held. */
export function lockHolder(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
