import { isProcessorShort } from '../kernel/host/run-queue.js';
import { collectGarbage } from '../kernel/process/heap.js';

/** How long nothing happens before the daemon counts as at rest, in milliseconds. */
const REST_MS = 2000;
/** For how many events at least: what fewer leave behind is not worth two collections of a whole heap. */
const ENOUGH = 500;

interface Options {
  /** Calls its listener whenever something happens, until what it returns is called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly kernel: { collectGarbage(): Promise<void> };
  readonly restMs?: number;
  readonly isBusy?: () => boolean;
  readonly collect?: () => void;
}

/**
 * Has both threads collect their garbage, and gives the memory back, once the daemon is at rest after a start, a fill or a
 * burst. V8 collects when a heap has grown to a few times what it was, so a daemon that waits would keep the garbage of
 * what it did last, for as long as nobody comes. `netnsd bench memory` shows the effect.
 */
export class RestCollector implements Disposable {
  readonly #options: Options;
  readonly #isBusy: () => boolean;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #events = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#isBusy = options.isBusy ?? (() => isProcessorShort());
    this.#timer = setTimeout(() => this.#rested(), options.restMs ?? REST_MS).unref();
    this.#unsubscribe = options.subscribe(() => this.worked(1));
  }

  /** Something happened that leaves as much behind as `events` events. */
  worked(events = ENOUGH): void {
    this.#events += events;
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #rested(): void {
    if (this.#events < ENOUGH) return;
    if (this.#isBusy()) {
      this.#timer.refresh();
      return;
    }
    this.#events = 0;
    (this.#options.collect ?? collectGarbage)();
    // A thread that has ended ends the daemon, by its owner.
    this.#options.kernel.collectGarbage().catch(() => undefined);
  }
}
