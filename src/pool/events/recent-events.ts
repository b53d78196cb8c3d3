import type { PoolEvent } from '../service.js';

/** How many events are remembered, of all pools together. */
const REMEMBERED = 512;

type Change = Omit<PoolEvent, 'time'>;

/** The newest events, for `netnsd inspect`. */
export class RecentEvents {
  readonly #ring: { readonly wallMs: number; readonly change: Change }[] = [];
  #next = 0;

  add(wallMs: number, change: Change): void {
    this.#ring[this.#next] = { wallMs, change };
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  /** Those of one endpoint, oldest first. */
  of(endpoint: string): PoolEvent[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return inOrder
      .filter(({ change }) => change.endpoint === endpoint)
      .map(({ wallMs, change }) => ({ time: new Date(wallMs).toISOString(), ...change }));
  }
}
