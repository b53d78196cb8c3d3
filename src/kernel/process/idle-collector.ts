import { collectGarbage } from './heap.js';

/** How long without an event until the daemon counts as idle, in milliseconds. */
const IDLE_MS = 2000;
/** Fewer events leave too little behind for two collections of a whole heap. */
const FEWEST_EVENTS = 500;

interface Options {
  /** Calls its listener at every event, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Another thread with a heap of its own. */
  readonly thread: { collectGarbage(): Promise<void> };
  /** When work that no client waits for may run: the pool's `Deferral`. */
  readonly deferral: { schedule(work: () => void): void; cancel(): void };
  readonly idleMs?: number;
  readonly collect?: () => void;
}

/**
 * Collects the garbage of both threads and returns the memory, once the daemon is idle after a start, a fill or a burst. V8
 * collects when a heap has grown to a few times its size, so an idle daemon would keep the garbage of its last work. `netnsd
 * bench memory` shows the effect.
 */
export class IdleCollector implements Disposable {
  readonly #options: Options;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  /** The start itself leaves enough garbage. */
  #events = FEWEST_EVENTS;

  constructor(options: Options) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#idle(), options.idleMs ?? IDLE_MS).unref();
    this.#unsubscribe = options.subscribe(() => {
      this.#events += 1;
      options.deferral.cancel();
      this.#timer.refresh();
    });
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#options.deferral.cancel();
  }

  #idle(): void {
    if (this.#events >= FEWEST_EVENTS) this.#options.deferral.schedule(() => this.#collect());
  }

  #collect(): void {
    const { collect = collectGarbage, thread } = this.#options;
    this.#events = 0;
    collect();
    // A thread that has failed ends the daemon elsewhere.
    thread.collectGarbage().catch(() => undefined);
  }
}
