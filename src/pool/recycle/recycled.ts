import type { Endpoint } from '../endpoint.js';
import type { Clock, VerifyWay } from '../ports/index.js';
import type { PoolStatus, Replacement } from '../status.js';
import type { Reason } from './recycle.js';

/** How many replacements are remembered with their reasons. */
const REMEMBERED = 16;

/** Counts how released endpoints were recycled, since the daemon started. */
export class Recycled {
  readonly #clock: Clock;
  readonly #ways = { seal: 0, proof: 0, reuse: 0 };
  readonly #replacedFor: Record<string, number> = {};
  readonly #replacements: Replacement[] = [];
  #replaced = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  clean(way: VerifyWay | 'reuse'): void {
    this.#ways[way] += 1;
  }

  replaced({ key }: Endpoint, { kind, text }: Reason): void {
    this.#replaced += 1;
    this.#replacedFor[kind] = (this.#replacedFor[kind] ?? 0) + 1;
    const time = new Date(this.#clock.wallMs()).toISOString();
    this.#replacements.unshift({ time, endpoint: key.id, kind, text });
    this.#replacements.length = Math.min(this.#replacements.length, REMEMBERED);
  }

  /** Why an endpoint was replaced, if it is one of the newest. */
  of(endpoint: string): Replacement | undefined {
    return this.#replacements.find((replacement) => replacement.endpoint === endpoint);
  }

  status(): Pick<
    PoolStatus,
    'recycledBySeal' | 'recycledByProof' | 'recycledUnchecked' | 'replaced' | 'replacedFor' | 'replacements'
  > {
    return {
      recycledBySeal: this.#ways.seal,
      recycledByProof: this.#ways.proof,
      recycledUnchecked: this.#ways.reuse,
      replaced: this.#replaced,
      replacedFor: { ...this.#replacedFor },
      replacements: [...this.#replacements],
    };
  }
}
