import { readFileSync, statSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { closeFd } from '../libc.js';
import { ATTACH_TYPE, attachToCgroup, CounterMap, loadProgram, PROGRAM_TYPE } from './bpf.js';
import {
  add,
  assemble,
  atomicAdd,
  call,
  exit,
  type Instruction,
  load,
  loadMap,
  move,
  set,
  skipIfEqual,
  skipUnlessEqual,
  store,
} from './bpf-instructions.js';
import { structOffsets } from './btf.js';

/** Helpers of bpf-helpers(7). */
const MAP_LOOKUP_ELEM = 1;
const SYSCTL_GET_NAME = 101;
const PROBE_READ_KERNEL = 113;
const BASE_NAME = 1;
/** Where the program has a sysctl's name on its stack, and how many bytes of it. */
const NAME = { at: -40, bytes: 32 } as const;
const MAX_NAMESPACES = 131_072;
/** Inode numbers of the first cgroup and PID namespace; include/uapi/linux/nsfs.h. */
const INITIAL = { cgroup: 0xef_ff_ff_fb, pid: 0xef_ff_ff_fc } as const;

/**
 * Counts, by network namespace, the writes to sysctls: no notification tells of most of them, and to read all of them
 * takes milliseconds. A program of type BPF_PROG_TYPE_CGROUP_SYSCTL at the root of the cgroup hierarchy runs at each access
 * of any process, finds the namespace that the sysctl belongs to (not the one that the writer stands in, since a
 * descriptor can be passed on), and counts for those that are watched. It is gone with the process that attached it.
 */
export class SysctlWatch {
  readonly #counts: CounterMap;
  readonly #fds: readonly number[];

  /**
   * `except`: names without folders, of at most 31 characters, of sysctls whose writes do not count. Throws kernel_error where
   * the kernel, or what the process may do, does not allow it; then sysctls have to be read.
   */
  static open({ except = [] }: { except?: readonly string[] } = {}): SysctlWatch {
    assertWholeView();
    const counts = new CounterMap({ name: 'netnsd_sysctl', maxEntries: MAX_NAMESPACES });
    const fds: number[] = [];
    try {
      const programFd = loadProgram({
        type: PROGRAM_TYPE.cgroupSysctl,
        attachType: ATTACH_TYPE.cgroupSysctl,
        name: 'netnsd_sysctl',
        instructions: assemble(countWrites(counts.fd, except)),
      });
      fds.push(programFd);
      fds.push(attachToCgroup({ programFd, cgroupPath: cgroupRoot(), attachType: ATTACH_TYPE.cgroupSysctl }));
      return new SysctlWatch(counts, fds);
    } catch (error) {
      for (const fd of fds) closeFd(fd);
      counts.close();
      throw error;
    }
  }

  private constructor(counts: CounterMap, fds: readonly number[]) {
    this.#counts = counts;
    this.#fds = fds;
  }

  /** From now on writes to sysctls of this namespace are counted, from nothing. */
  begin(netnsInode: number): void {
    this.#counts.zero(netnsInode);
  }

  /** How many writes there were since `begin`. Throws kernel_error for a namespace that is not watched. */
  writes(netnsInode: number): bigint {
    return this.#counts.get(netnsInode);
  }

  end(netnsInode: number): void {
    this.#counts.delete(netnsInode);
  }

  close(): void {
    for (const fd of this.#fds.toReversed()) closeFd(fd);
    this.#counts.close();
  }
}

/**
 * The context holds the table's header, that its set, and a network namespace's set is a part of struct net
 * (kernel/bpf/cgroup.c, include/linux/sysctl.h, include/net/net_namespace.h). Always lets the access by.
 */
function countWrites(mapFd: number, except: readonly string[]) {
  const offsets = structOffsets({
    bpf_sysctl_kern: ['head'],
    ctl_table_header: ['set'],
    net: ['sysctls', 'ns'],
    ns_common: ['inum'],
  });
  const inodeFromSet = offsets.net.ns + offsets.ns_common.inum - offsets.net.sysctls;
  const readInto = (bytes: number) => [move(1, 10), add(1, -8), set(2, bytes), call(PROBE_READ_KERNEL)];
  const follow = (offset: number, bytes: number) => [load('u64', 3, 10, -8), add(3, offset), ...readInto(bytes)];
  const count = [
    move(3, 6),
    add(3, offsets.bpf_sysctl_kern.head),
    ...readInto(8),
    ...follow(offsets.ctl_table_header.set, 8),
    ...follow(inodeFromSet, 4),
    loadMap(1, mapFd),
    move(2, 10),
    add(2, -8),
    call(MAP_LOOKUP_ELEM),
    skipIfEqual(0, 0, 2),
    set(1, 1),
    atomicAdd(0, 0, 1),
  ];
  const body = [...passOver(except), ...count];
  const slots = assemble(body).length / 8;
  return [move(6, 1), load('u32', 0, 1, 0), skipIfEqual(0, 0, slots), ...body, set(0, 1), exit];
}

/** Ends the program where the sysctl has one of these names; four bytes at a time. */
function passOver(names: readonly string[]): Instruction[] {
  if (names.length === 0) return [];
  const zeros = [0, 8, 16, 24].map((offset) => store('u64', 10, NAME.at + offset, 1));
  const name = [move(1, 6), move(2, 10), add(2, NAME.at), set(3, NAME.bytes), set(4, BASE_NAME), call(SYSCTL_GET_NAME)];
  return [set(1, 0), ...zeros, ...name, ...names.flatMap(endIfNamed)];
}

function endIfNamed(name: string): Instruction[] {
  const text = Buffer.alloc(NAME.bytes);
  text.write(name, 'latin1');
  // With the zero behind it.
  const words = Math.floor(name.length / 4) + 1;
  const compare = Array.from({ length: words }, (_, n) => [
    load('u32', 1, 10, NAME.at + 4 * n),
    skipUnlessEqual(1, text.readUInt32LE(4 * n), 2 * (words - n - 1) + 2),
  ]);
  return [...compare.flat(), set(0, 1), exit];
}

/**
 * Below a cgroup namespace of its own the program would see only part of the processes; that will do only where other
 * processes cannot be seen at all.
 */
function assertWholeView(): void {
  const isInitial = (kind: keyof typeof INITIAL) => statSync(`/proc/self/ns/${kind}`).ino === INITIAL[kind];
  if (isInitial('cgroup') || !isInitial('pid')) return;
  throw new NetnsdError('kernel_error', 'the daemon sees a part of the cgroup hierarchy only, but all processes');
}

/** Where the unified hierarchy is mounted; cgroups(7). */
function cgroupRoot(): string {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, path] = before.split(' ');
    if (after.startsWith('cgroup2 ') && root === '/' && path !== undefined) return path;
  }
  throw new NetnsdError('kernel_error', 'the unified cgroup hierarchy (cgroup2) is not mounted');
}
