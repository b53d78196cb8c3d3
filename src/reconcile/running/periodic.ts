/** Runs a task every so often, each time `intervalMs` after the last run has ended; never two at once. Until disposed. */
export class Periodic implements Disposable {
  readonly #task: () => Promise<unknown>;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  /** `task` handles its own errors. */
  constructor(options: { readonly intervalMs: number; readonly task: () => Promise<unknown> }) {
    this.#task = options.task;
    this.#intervalMs = options.intervalMs;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#disposed) return;
    this.#timer = setTimeout(() => {
      void this.#task().finally(() => this.#schedule());
    }, this.#intervalMs).unref();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }
}
