import v8 from 'node:v8';

/** How long without an event until a fill counts as over, in milliseconds. */
const IDLE_MS = 1000;
/** A fill that takes longer is one for which optimized code pays. */
const LONGEST_MS = 5000;

interface Options {
  /** Calls its listener at every event, until the returned function is called. */
  readonly subscribe: (listener: (event: { readonly type: string }) => void) => () => void;
  /** Default: has V8 optimize code, or not. */
  readonly optimize?: (isOn: boolean) => void;
  readonly idleMs?: number;
  readonly longestMs?: number;
}

/**
 * Has V8 optimize nothing while pools are filled after a start: of 1 000 endpoints a fill is over before optimized code pays for itself, and
 * the threads that compile it take a sixth of the daemon's processor time, some of it from the kernel thread where there are two
 * processors. Ends with the first lease, so that those who wait get the fastest code. `netnsd bench fill` shows the effect.
 */
export class OptimizerPause implements Disposable {
  readonly #optimize: (isOn: boolean) => void;
  readonly #unsubscribe: () => void;
  readonly #timers: readonly NodeJS.Timeout[];
  #isOver = false;

  constructor({ subscribe, optimize = setOptimizer, idleMs = IDLE_MS, longestMs = LONGEST_MS }: Options) {
    this.#optimize = optimize;
    const end = (): void => this[Symbol.dispose]();
    const idle = setTimeout(end, idleMs).unref();
    this.#timers = [idle, setTimeout(end, longestMs).unref()];
    optimize(false);
    this.#unsubscribe = subscribe(({ type }) => {
      if (type === 'leased') end();
      else idle.refresh();
    });
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#unsubscribe();
    this.#optimize(true);
  }
}

/** For all threads: V8 looks at the flag whenever a function may be worth optimizing. */
function setOptimizer(isOn: boolean): void {
  v8.setFlagsFromString(isOn ? '--opt' : '--no-opt');
}
