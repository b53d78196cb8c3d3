import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { setNonBlocking } from '../libc.js';

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Writes bytes without waiting; how many were taken. Throws what node:fs throws, EAGAIN if none can be taken now. */
export type NonBlockingWrite = (bytes: Buffer) => number;

/**
 * A way to write to an open descriptor that never waits for its reader. A pipe or terminal is opened once more, so that
 * O_NONBLOCK holds for this process only (it is a flag of the open file, which a shell shares with its programs: open(2));
 * a socket cannot be opened again, and gets the flag itself. Writes to files do not wait.
 */
export function nonBlockingWrite(fd: number): NonBlockingWrite {
  const target = nonBlockingFd(fd);
  return (bytes) => writeSync(target, bytes);
}

function nonBlockingFd(fd: number): number {
  const stats = fstatSync(fd);
  if (!stats.isFIFO() && !stats.isSocket() && !isatty(fd)) return fd;
  if (!stats.isSocket()) {
    try {
      return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch {
      // Another user's, or no /proc.
    }
  }
  setNonBlocking(fd);
  return fd;
}
