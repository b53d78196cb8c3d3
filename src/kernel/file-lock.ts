import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { tryLock } from './libc.js';

/** An exclusive lock on a file (flock(2)); the kernel gives it back when the process ends, however it ends. */
export class FileLock {
  readonly #fd: number;

  /** Locks `path` and writes this process's id into it; undefined if another process holds the lock. */
  static acquire(path: string): FileLock | undefined {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
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

  release(): void {
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.release();
  }
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
