/** Lets each thing be said once, and again only after a while: what fails at every request would fill the log. */
export class Seldom {
  readonly #everyMs: number;
  readonly #nowMs: () => number;
  readonly #saidMs = new Map<string, number>();

  constructor(options: { readonly everyMs: number; readonly nowMs: () => number }) {
    this.#everyMs = options.everyMs;
    this.#nowMs = options.nowMs;
  }

  /** Whether it is time to say this; it counts as said then. */
  may(what: string): boolean {
    const nowMs = this.#nowMs();
    const saidMs = this.#saidMs.get(what) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - saidMs < this.#everyMs) return false;
    this.#saidMs.set(what, nowMs);
    return true;
  }
}
