import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Jiffies as user space sees them (USER_HZ): 100 on every architecture that Node.js runs on. */
const TICKS_A_SECOND = 100;

/**
 * The network namespace of a process, held by a descriptor: it is that of the process which bore `pid` when it was
 * opened, whatever becomes of the process or its number afterwards.
 */
export class ProcessNetns implements Disposable {
  /**
   * Opens `/proc/PID/ns/net`; undefined when there is no such process (any more). Everything is read by way of one
   * descriptor of `/proc/PID`, which stands for the process and not for its number: once that process is gone, the
   * descriptor finds nothing, even if another process bears the number (proc(5); fs/proc/base.c).
   */
  static open(pid: number): ProcessNetns | undefined {
    let folder: number | undefined;
    let fd: number | undefined;
    try {
      folder = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
      fd = openSync(`/proc/self/fd/${folder}/ns/net`, constants.O_RDONLY);
      const startedSeconds = startOf(readFileSync(`/proc/self/fd/${folder}/stat`, 'utf8'));
      return new ProcessNetns({ fd, inode: fstatSync(fd).ino, startedSeconds });
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if (isGone(error)) return undefined;
      throw error;
    } finally {
      if (folder !== undefined) closeSync(folder);
    }
  }

  readonly fd: number;
  readonly inode: number;
  /** When the process was started, in seconds since the machine was, to a hundredth; see `secondsSinceBoot`. */
  readonly startedSeconds: number;

  private constructor(options: { fd: number; inode: number; startedSeconds: number }) {
    this.fd = options.fd;
    this.inode = options.inode;
    this.startedSeconds = options.startedSeconds;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** The clock in which processes' starts are told, cut to a hundredth of a second as they are: proc_uptime(5). */
export function secondsSinceBoot(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** Field 22 of proc_pid_stat(5); the name in field 2 may hold spaces and brackets. */
function startOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19]) / TICKS_A_SECOND;
}

/** Never there, or gone meanwhile; ENOENT of `ns/net` is how a zombie answers. */
function isGone(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}
