import { NetnsdError } from '../errors.js';
import { Fifo } from './fifo.js';

/**
 * Hands out the indexes of a subnet's addresses, 0 being the first after the gateway: never-used ones first, ascending,
 * then freed ones, the longest at rest first, so that what the network still remembers of an address has time to fade.
 * Holds memory only for indexes that were used.
 */
export class IndexAllocator {
  readonly capacity: number;
  readonly #inUse = new Set<number>();
  readonly #resting = new Fifo<number>();
  /** Every index below was used at least once. */
  #nextFresh = 0;
  /** Claimed ones that the fresh ones have yet to pass: they are met here only, never as fresh. */
  readonly #claimedAhead = new Set<number>();

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) throw new NetnsdError('internal', `no capacity: ${capacity}`);
    this.capacity = capacity;
  }

  get inUse(): number {
    return this.#inUse.size;
  }

  /** Takes an index. Throws `internal` when none is left: a pool's max is checked against its capacity before. */
  acquire(): number {
    while (this.#claimedAhead.delete(this.#nextFresh)) this.#nextFresh += 1;
    const index = this.#nextFresh < this.capacity ? this.#nextFresh++ : this.#resting.shift();
    if (index === undefined) throw new NetnsdError('internal', `all ${this.capacity} addresses are in use`);
    this.#inUse.add(index);
    return index;
  }

  /** Whether `claim` would succeed: only an index that was never used, neither acquired nor claimed before. */
  claimable(index: number): boolean {
    return (
      Number.isInteger(index) && index >= this.#nextFresh && index < this.capacity && !this.#claimedAhead.has(index)
    );
  }

  /** Takes this very index, for an endpoint that outlived a restart. Throws `internal` unless `claimable`. */
  claim(index: number): void {
    if (!this.claimable(index)) throw new NetnsdError('internal', `address ${index} cannot be claimed`);
    this.#claimedAhead.add(index);
    this.#inUse.add(index);
  }

  /** Gives an index back; it rests behind all that were freed before it. Throws `internal` when it is not in use. */
  release(index: number): void {
    if (!this.#inUse.delete(index)) throw new NetnsdError('internal', `address ${index} is not in use`);
    this.#resting.push(index);
  }
}
