import { isProcessorShort } from '../kernel/host/run-queue.js';
import { collectGarbage } from '../kernel/process/heap.js';

/** How long nothing happens before the daemon counts as idle, in milliseconds. */
const REST_MS = 2000;
/** Fewer events leave too little garbage for two collections of a whole heap. */
const LEAST_EVENTS = 500;

interface Options {
  /** Calls its listener whenever something happens, until what it returns is called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly kernel: { collectGarbage(): Promise<void> };
  readonly restMs?: number;
  readonly isBusy?: () => boolean;
  readonly collect?: () => void;
}

/**
 * Collects the garbage of both threads once the daemon is idle after its start, a fill or a burst, and returns the memory
 * to the kernel. V8 collects only when a heap has grown to a few times its size, so an idle daemon would keep its garbage.
 * `netnsd bench memory` shows the effect.
 */
export class RestCollector implements Disposable {
  readonly #options: Options;
  readonly #isBusy: () => boolean;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  /** The start itself leaves enough. */
  #events = LEAST_EVENTS;

  constructor(options: Options) {
    this.#options = options;
    this.#isBusy = options.isBusy ?? (() => isProcessorShort());
    this.#timer = setTimeout(() => this.#rested(), options.restMs ?? REST_MS).unref();
    this.#unsubscribe = options.subscribe(() => {
      this.#events += 1;
      this.#timer.refresh();
    });
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #rested(): void {
    if (this.#events < LEAST_EVENTS) return;
    if (this.#isBusy()) {
      this.#timer.refresh();
      return;
    }
    this.#events = 0;
    (this.#options.collect ?? collectGarbage)();
    // The failure of the thread is its owner's to report.
    this.#options.kernel.collectGarbage().catch(() => undefined);
  }
}
