import { readFileSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { errnoOf, isNotFound } from '../errno.js';
import { closeAnyway, isReadable, openPidfd } from '../libc.js';

/** A process, told apart from others that bear its number before or after it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since the machine did: field 22 of proc_pid_stat(5). */
  readonly startTicks: number;
}

/**
 * Opens a descriptor of the process that bears `pid` now, in this process's PID namespace, by pidfd_open(2); it becomes
 * readable when the process has ended, and is the caller's to close. Throws `process_gone` where there is no such process,
 * or it has ended and was not waited for, and `kernel_error`.
 *
 * The descriptor comes first, then the start, then whether the process still lives: while it does, no other process
 * has its number, so what was read in between is its own.
 */
export function openProcess(pid: number): { process: ProcessIdentity; fd: number } {
  const fd = open(pid);
  try {
    const startTicks = readStart(pid);
    if (startTicks === undefined || isReadable(fd)) throw gone(pid);
    return { process: { pid, startTicks }, fd };
  } catch (error) {
    closeAnyway(fd);
    throw error;
  }
}

function open(pid: number): number {
  try {
    return openPidfd(pid);
  } catch (error) {
    // EINVAL, since Linux 6.9 ENOENT: a thread that does not lead its process has the number.
    if (['ESRCH', 'EINVAL', 'ENOENT'].includes(errnoOf(error) ?? '')) throw gone(pid);
    throw error;
  }
}

/** Field 22 of proc_pid_stat(5), undefined where there is no such process; the name in field 2 may hold spaces and brackets. */
function readStart(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return Number.isSafeInteger(ticks) ? ticks : undefined;
  } catch (error) {
    // A lack of descriptors, say, is no end of a process.
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function gone(pid: number): NetnsdError {
  const message = `there is no process ${pid}, or it has ended: name one that runs, by its number in the PID namespace of the daemon`;
  return new NetnsdError('process_gone', message, { details: { pid } });
}
