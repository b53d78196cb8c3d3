import { hasCode } from '../../errors.js';
import { closeAnyway, openEpoll, readableFds, watchFd } from '../libc.js';
import { openProcess, type ProcessIdentity } from './pidfd.js';

/** How often it is checked whether watched processes have ended, in milliseconds. */
const ASK_EVERY_MS = 50;

/** One process whose end is waited for. */
interface Watched {
  readonly process: ProcessIdentity;
  readonly listeners: Set<() => void>;
  /** Null while it could not be opened, for want of descriptors. */
  fd: number | null;
}

/** A process that is held on to: its end is heard of even if its number is another's by then. */
export interface HeldProcess extends Disposable {
  readonly process: ProcessIdentity;
  /** Aborted when the process has ended. */
  readonly ended: AbortSignal;
}

/**
 * Hears of the end of processes that are no children of this one, by pidfd_open(2): a descriptor stands for the process
 * and not for its number. All of them are in one epoll(7) descriptor that is asked, without waiting, by a timer which runs
 * only while something is watched: a few microseconds each time, however many there are. (A thread that waits instead
 * would cost more memory than all descriptors, and Node.js has no public way to have its own loop wait for one.)
 */
export class ProcessWatch implements Disposable {
  readonly #watched = new Map<string, Watched>();
  readonly #byFd = new Map<number, Watched>();
  /** Those without a descriptor. */
  readonly #unopened = new Set<Watched>();
  #epollFd: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** How many processes are watched. */
  get size(): number {
    return this.#watched.size;
  }

  /**
   * Holds on to the process that bears `pid` now, in this process's PID namespace; disposed by the caller. Throws
   * `process_gone` where there is none, or it has ended and was not waited for, and `kernel_error`.
   */
  hold(pid: number): HeldProcess {
    const { process, fd } = openProcess(pid);
    const ended = new AbortController();
    const stop = this.#add(process, () => ended.abort(), fd);
    return { process, ended: ended.signal, [Symbol.dispose]: stop };
  }

  /**
   * Calls `listener` once, soon after the process has ended, or soon if it has ended already; not after the returned
   * function was called.
   */
  watch(process: ProcessIdentity, listener: () => void): () => void {
    return this.#add(process, listener, null);
  }

  /** No listener is called any more. */
  [Symbol.dispose](): void {
    for (const watched of [...this.#watched.values()]) this.#forget(watched);
  }

  #add(process: ProcessIdentity, listener: () => void, fd: number | null): () => void {
    const known = this.#watched.get(keyOf(process));
    const watched: Watched = known ?? { process, listeners: new Set(), fd: null };
    if (fd !== null && watched.fd === null) this.#poll(watched, fd);
    else if (fd !== null) closeAnyway(fd);
    this.#watched.set(keyOf(process), watched);
    if (watched.fd === null) this.#unopened.add(watched);
    // A function of its own: the same listener may be added twice.
    const listen = (): void => listener();
    watched.listeners.add(listen);
    this.#timer ??= setInterval(() => this.#ask(), ASK_EVERY_MS);
    return () => {
      if (watched.listeners.delete(listen) && watched.listeners.size === 0) this.#forget(watched);
    };
  }

  #poll(watched: Watched, fd: number): void {
    try {
      this.#epollFd ??= openEpoll();
      watchFd(this.#epollFd, fd);
    } catch (error) {
      closeAnyway(fd);
      throw error;
    }
    watched.fd = fd;
    this.#unopened.delete(watched);
    this.#byFd.set(fd, watched);
  }

  #ask(): void {
    for (const watched of [...this.#unopened]) this.#open(watched);
    if (this.#epollFd === null) return;
    // All are looked up before any ends: a listener may have a descriptor closed and its number used again.
    const ended = this.#readable(this.#epollFd).flatMap((fd) => this.#byFd.get(fd) ?? []);
    for (const watched of ended) if (watched.fd !== null) this.#end(watched);
  }

  #readable(epollFd: number): number[] {
    try {
      return readableFds(epollFd);
    } catch {
      // The next question comes soon, and nothing that has ended is forgotten until then.
      return [];
    }
  }

  /** A process that was written down by number and start, perhaps by an earlier daemon. */
  #open(watched: Watched): void {
    try {
      const { process, fd } = openProcess(watched.process.pid);
      if (keyOf(process) === keyOf(watched.process)) this.#poll(watched, fd);
      else {
        closeAnyway(fd);
        this.#end(watched);
      }
    } catch (error) {
      // Short of descriptors, say: tried again with the next question.
      if (hasCode(error, 'process_gone')) this.#end(watched);
    }
  }

  #end(watched: Watched): void {
    const listeners = [...watched.listeners];
    this.#forget(watched);
    for (const listener of listeners) listener();
  }

  #forget(watched: Watched): void {
    watched.listeners.clear();
    this.#unopened.delete(watched);
    if (this.#watched.get(keyOf(watched.process)) === watched) this.#watched.delete(keyOf(watched.process));
    if (watched.fd !== null) {
      this.#byFd.delete(watched.fd);
      closeAnyway(watched.fd);
      watched.fd = null;
    }
    if (this.#watched.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#epollFd !== null) closeAnyway(this.#epollFd);
    this.#epollFd = null;
  }
}

function keyOf({ pid, startTicks }: ProcessIdentity): string {
  return `${pid} ${startTicks}`;
}
