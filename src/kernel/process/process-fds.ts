import { readdirSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';

/** The first descriptor of this process that `matches`; proc_pid_fd(5). */
export function socketFd(matches: (fd: number) => boolean): number {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (matches(fd)) return fd;
  }
  throw new NetnsdError('internal', 'a socket that was just opened has no descriptor');
}
