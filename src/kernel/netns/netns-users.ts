import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Which processes stand in which network namespace: process ids by namespace inode, from one walk over /proc
 * (proc_pid_ns(5)). Threads of a process that stand elsewhere are not looked at; processes that end meanwhile are left out.
 */
export function netnsUsers(): Map<number, number[]> {
  const users = new Map<number, number[]>();
  for (const pid of numbersIn('/proc')) addTo(users, netnsInode(`/proc/${pid}`), pid);
  return users;
}

/** The same of every thread, for these namespaces only: some three times as long. */
export function processesIn(netnsInodes: ReadonlySet<number>): Map<number, number[]> {
  const users = new Map<number, number[]>();
  for (const pid of numbersIn('/proc')) {
    const inodes = new Set(numbersIn(`/proc/${pid}/task`).map((task) => netnsInode(`/proc/${pid}/task/${task}`)));
    for (const inode of inodes) if (inode !== undefined && netnsInodes.has(inode)) addTo(users, inode, pid);
  }
  return users;
}

function addTo(users: Map<number, number[]>, inode: number | undefined, pid: number): void {
  if (inode === undefined) return;
  const pids = users.get(inode);
  if (pids === undefined) users.set(inode, [pid]);
  else pids.push(pid);
}

/** Undefined for what has ended between the listing and the look, and for what shows no namespace. */
function netnsInode(folder: string): number | undefined {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(`${folder}/ns/net`))?.[1]);
  } catch {
    return undefined;
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .map(Number)
      .filter((number) => Number.isInteger(number));
  } catch {
    return [];
  }
}
