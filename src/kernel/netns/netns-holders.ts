import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { VAULT_MOUNTS } from './vault-layout.js';

/** Who holds a network namespace, beside its mount in the vault: in words, `process 4242 (sleep) is inside`. */
export type Holders = ReadonlyMap<number, readonly string[]>;

/** After how many processes the thread is given back, so that what is urgent need not wait for the whole walk. */
const PROCESSES_A_TURN = 64;

/**
 * Everything that keeps network namespaces alive, by inode, in one walk over procfs: threads that stand inside, open
 * files of any process (/proc/PID/fd), and mounts in any mount namespace but the vault, of which `vaultInode` is the inode.
 * Sockets are not here: they are seen from inside. `self` is left out: the daemon's own descriptors come and go.
 */
export async function netnsHolders(options: {
  inodes: ReadonlySet<number>;
  vaultInode: number;
  self: number;
}): Promise<Holders> {
  const holders = new Map<number, string[]>();
  const add = (inode: number, who: string) => {
    if (!options.inodes.has(inode)) return;
    const list = holders.get(inode);
    if (list === undefined) holders.set(inode, [who]);
    else list.push(who);
  };
  const pids = list('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
  const mounts = await eachMount(pids, options.vaultInode);
  for (const [path, inodes] of mounts) for (const inode of inodes) add(inode, `it is mounted at ${path}`);
  for (const [walked, pid] of pids.entries()) {
    if (walked % PROCESSES_A_TURN === 0) await new Promise(setImmediate);
    if (pid !== options.self) for (const [inode, who] of holdsOf(pid, mounts)) add(inode, who);
  }
  return holders;
}

/** By path, the inodes of the network namespaces that are mounted there in some mount namespace but the vault. */
type Mounts = ReadonlyMap<string, ReadonlySet<number>>;

async function eachMount(pids: readonly number[], vaultInode: number): Promise<Mounts> {
  const mounts = new Map<string, Set<number>>();
  const seen = new Set([`mnt:[${vaultInode}]`]);
  for (const [walked, pid] of pids.entries()) {
    if (walked % PROCESSES_A_TURN === 0) await new Promise(setImmediate);
    const namespace = link(`/proc/${pid}/ns/mnt`);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    for (const [inode, path] of mountsOf(pid)) mounts.set(path, (mounts.get(path) ?? new Set()).add(inode));
  }
  return mounts;
}

/** Mounts of nsfs in the mount namespace of a process; proc_pid_mountinfo(5). */
function* mountsOf(pid: number): Generator<[number, string]> {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    return;
  }
  for (const [, inode, path = ''] of text.matchAll(/^\d+ \d+ \S+ net:\[(\d+)\] (\S+) /gm)) yield [Number(inode), path];
}

function* holdsOf(pid: number, mounts: Mounts): Generator<[number, string]> {
  for (const task of list(`/proc/${pid}/task`)) {
    const inode = netnsInode(`/proc/${pid}/task/${task}/ns/net`);
    if (inode !== undefined) yield [inode, `process ${pid} (${commandOf(pid)}) is inside`];
  }
  for (const fd of list(`/proc/${pid}/fd`)) {
    const target = link(`/proc/${pid}/fd/${fd}`) ?? '';
    for (const inode of openedInodes(`/proc/${pid}/fd/${fd}`, target, mounts))
      yield [inode, `process ${pid} (${commandOf(pid)}) has it open`];
  }
}

/**
 * A namespace that was opened where it is mounted shows that path, as it is in the mount namespace that it was opened in, and
 * not its number.
 */
function openedInodes(path: string, target: string, mounts: Mounts): Iterable<number> {
  if (target.startsWith('net:[')) return [Number(target.slice(5, -1))];
  if (!target.startsWith(`${VAULT_MOUNTS}/`)) return mounts.get(target) ?? [];
  const opened = stats(path);
  return opened?.dev === stats('/proc/self/ns/net')?.dev && opened !== undefined ? [opened.ino] : [];
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

function stats(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
