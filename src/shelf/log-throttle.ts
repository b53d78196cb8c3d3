/** Allows one log line of each kind per interval: a failure at every request would fill the log. Pino has none. */
export class LogThrottle {
  readonly #intervalMs: number;
  readonly #nowMs: () => number;
  readonly #loggedMs = new Map<string, number>();

  constructor(options: { readonly intervalMs: number; readonly nowMs: () => number }) {
    this.#intervalMs = options.intervalMs;
    this.#nowMs = options.nowMs;
  }

  /** Whether a line of this kind may be logged now; if so, the interval starts again. */
  allows(kind: string): boolean {
    const nowMs = this.#nowMs();
    const loggedMs = this.#loggedMs.get(kind) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - loggedMs < this.#intervalMs) return false;
    this.#loggedMs.set(kind, nowMs);
    return true;
  }
}
