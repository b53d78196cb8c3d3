/** The time that a shutdown may take: one deadline for all that is closed, from the first of it on. */
export class Grace {
  readonly #wait: () => Promise<unknown>;
  #over: Promise<unknown> | undefined;

  /** `wait` resolves when the time is over; called once. */
  constructor(wait: () => Promise<unknown>) {
    this.#wait = wait;
  }

  /** Resolves when `work` has ended, or when the time is over: with false then. */
  async within(work: Promise<unknown>): Promise<boolean> {
    this.#over ??= this.#wait();
    return Promise.race([work.then(() => true), this.#over.then(() => false)]);
  }

  /** What `close` closes, within the time, when the result is disposed; `abandon` is called when it took longer. */
  closing(close: () => Promise<unknown>, abandon?: () => void): AsyncDisposable {
    return {
      [Symbol.asyncDispose]: async () => {
        if (!(await this.within(close()))) abandon?.();
      },
    };
  }
}
