import type { Fingerprint } from './fingerprint.js';

/** How long a pristine fingerprint is taken for true after something has deviated from it, in milliseconds. */
const DOUBT_AFTER_MS = 10_000;

interface Reference {
  readonly fingerprint: Fingerprint;
  readonly takenAtMs: number;
  doubted: boolean;
}

/**
 * One pristine fingerprint a pool, which all its endpoints share: they are built alike, and what differs is their own
 * address, MAC and link. It is taken from an endpoint that was never leased. The kernel may change what
 * pristine is (a module that is loaded brings sysctls into every namespace), so after a deviation a later one takes its place.
 */
export class References {
  readonly #references = new Map<string, Reference>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get(pool: string): Fingerprint | undefined {
    return this.#references.get(pool)?.fingerprint;
  }

  /** Whether the next pristine endpoint of the pool is to be read. */
  wanted(pool: string): boolean {
    const reference = this.#references.get(pool);
    return reference === undefined || (reference.doubted && this.#nowMs() - reference.takenAtMs > DOUBT_AFTER_MS);
  }

  set(pool: string, fingerprint: Fingerprint): void {
    this.#references.set(pool, { fingerprint, takenAtMs: this.#nowMs(), doubted: false });
  }

  /** An endpoint of the pool deviated. */
  doubt(pool: string): void {
    const reference = this.#references.get(pool);
    if (reference !== undefined) reference.doubted = true;
  }
}
