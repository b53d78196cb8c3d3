import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Which processes stand in which network namespace: process ids by namespace inode, from one walk over /proc
 * (proc_pid_ns(5)). Threads of a process that stand elsewhere are not looked at; processes that end meanwhile are left out.
 */
export function netnsUsers(): Map<number, number[]> {
  const users = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const inode = Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1]);
      const pids = users.get(inode);
      if (pids === undefined) users.set(inode, [pid]);
      else pids.push(pid);
    } catch {
      // Ended between the listing and the look, or a kernel thread that shows no namespace.
    }
  }
  return users;
}
