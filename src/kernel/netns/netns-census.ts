import { TaskIterator } from '../bpf/task-iterator.js';
import { netnsUsers, processesIn } from './netns-users.js';

/** Stands for processes that are inside, and whose ids /proc does not show. */
export const UNSEEN_PID = 0;

/**
 * Tells who is inside of network namespaces. The kernel says first whether there is any process, by an iteration over all tasks;
 * only then is /proc walked for who it is. Where the kernel takes no such program, /proc is walked at once, and threads
 * that stand elsewhere than their process are not seen.
 */
export class NetnsCensus {
  readonly #iterator: TaskIterator | null;

  static open(): NetnsCensus {
    try {
      return new NetnsCensus(TaskIterator.open());
    } catch {
      return new NetnsCensus(null);
    }
  }

  private constructor(iterator: TaskIterator | null) {
    this.#iterator = iterator;
  }

  /** Ids of the processes inside, by the inode of those namespaces that have any; `UNSEEN_PID` for who may not be seen. */
  users(netnsInodes: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const occupied = this.#occupied();
    if (occupied === null) return netnsUsers();
    const inodes = new Set(netnsInodes.filter((inode) => occupied.has(inode)));
    if (inodes.size === 0) return new Map();
    const users = processesIn(inodes);
    const unseen = [...inodes].filter((inode) => !users.has(inode));
    // They have left meanwhile, or the process may not look at them (ptrace(2), hidepid of proc(5)).
    if (unseen.length > 0) {
      const still = this.#occupied();
      for (const inode of unseen) if (still?.has(inode)) users.set(inode, [UNSEEN_PID]);
    }
    return users;
  }

  close(): void {
    this.#iterator?.close();
  }

  #occupied(): ReadonlySet<number> | null {
    try {
      return this.#iterator?.namespaces() ?? null;
    } catch {
      // Short of memory or descriptors: the walk needs less.
      return null;
    }
  }
}
