/**
 * An AbortSignal that becomes one when somebody listens. Making a real one costs several microseconds and work for the
 * garbage collector; a warm acquire, which only looks at `aborted`, is spared it. Node's own functions that take a
 * signal (AbortSignal.any, fetch, …) want `real()`.
 */
export class LateSignal implements AbortSignal {
  #aborted = false;
  #controller: AbortController | null = null;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.real().reason;
  }

  get onabort(): AbortSignal['onabort'] {
    return this.real().onabort;
  }

  set onabort(listener: AbortSignal['onabort']) {
    this.real().onabort = listener;
  }

  /** Aborts; those who listen hear of it. Idempotent. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort();
  }

  /** The signal itself, one and the same at every call. */
  real(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    this.real().throwIfAborted();
  }

  addEventListener(...listener: Parameters<AbortSignal['addEventListener']>): void {
    this.real().addEventListener(...listener);
  }

  removeEventListener(...listener: Parameters<AbortSignal['removeEventListener']>): void {
    this.#controller?.signal.removeEventListener(...listener);
  }

  dispatchEvent(event: Event): boolean {
    return this.real().dispatchEvent(event);
  }
}
