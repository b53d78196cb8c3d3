import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Who holds a network namespace, beside its mount at the path of the one who asks: in words, `process 4242 (sleep)`. */
export type Holders = ReadonlyMap<number, readonly string[]>;

/** After how many processes the thread is given back, so that what is urgent need not wait for the whole walk. */
const PROCESSES_A_TURN = 64;

/**
 * Everything that keeps network namespaces alive, by inode, in one walk over procfs: threads that stand inside, open
 * files of any process (/proc/PID/fd), and mounts in any mount namespace but for those at `ownPaths`. Sockets are not
 * here: they are seen from inside. `self` is left out: the daemon's own descriptors come and go.
 */
export async function netnsHolders(options: {
  inodes: ReadonlySet<number>;
  ownPaths: ReadonlySet<string>;
  self: number;
}): Promise<Holders> {
  const holders = new Map<number, string[]>();
  const seenMounts = new Set<string>();
  const add = (inode: number, who: string) => {
    if (!options.inodes.has(inode)) return;
    const list = holders.get(inode);
    if (list === undefined) holders.set(inode, [who]);
    else list.push(who);
  };
  let walked = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (++walked % PROCESSES_A_TURN === 0) await new Promise(setImmediate);
    for (const [inode, who] of holdsOf(pid, options.self)) add(inode, who);
    for (const [inode, who] of mountsOf(pid, { seen: seenMounts, ownPaths: options.ownPaths })) add(inode, who);
  }
  return holders;
}

function* holdsOf(pid: number, self: number): Generator<[number, string]> {
  if (pid === self) return;
  for (const task of list(`/proc/${pid}/task`)) {
    const inode = netnsInode(`/proc/${pid}/task/${task}/ns/net`);
    if (inode !== undefined) yield [inode, `process ${pid} (${commandOf(pid)}) is inside`];
  }
  for (const fd of list(`/proc/${pid}/fd`)) {
    const inode = netnsInode(`/proc/${pid}/fd/${fd}`);
    if (inode !== undefined) yield [inode, `process ${pid} (${commandOf(pid)}) has it open`];
  }
}

/** Mounts of nsfs, one look a mount namespace; proc_pid_mountinfo(5). */
function* mountsOf(
  pid: number,
  { seen, ownPaths }: { seen: Set<string>; ownPaths: ReadonlySet<string> },
): Generator<[number, string]> {
  const namespace = link(`/proc/${pid}/ns/mnt`);
  if (namespace === undefined || seen.has(namespace)) return;
  seen.add(namespace);
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    return;
  }
  for (const [, inode, path = ''] of text.matchAll(/^\d+ \d+ \S+ net:\[(\d+)\] (\S+) /gm)) {
    // A mount at the endpoint's own path in another mount namespace is a copy of it, made when that namespace was.
    if (!ownPaths.has(path)) yield [Number(inode), `it is mounted at ${path}`];
  }
}

function netnsInode(path: string): number | undefined {
  const target = link(path);
  return target?.startsWith('net:[') ? Number(target.slice(5, -1)) : undefined;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'gone';
  }
}

/** What is gone by now holds nothing. */
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
