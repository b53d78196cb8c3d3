import { SHELF_TENANT, type Shelf } from '../shelf.js';
import type { Slot } from './endpoint-table.js';

interface OffersOptions {
  readonly pool: string;
  /** Undefined where nothing is laid out. */
  readonly shelf: Shelf | undefined;
}

/**
 * What a pool has laid out on the shelf: the ready endpoints that lie there, or did when somebody last looked. A container may
 * take one at any moment, so each has to be taken back before anything else is done with it.
 */
export class Offers {
  readonly #pool: string;
  readonly #shelf: Shelf | undefined;
  readonly #byToken = new Map<string, Slot>();
  /** Out of the ready queue since they seemed to be taken; whoever took one is told of soon, or nobody did. */
  readonly #missed = new Set<Slot>();
  #closed = false;

  constructor({ pool, shelf }: OffersOptions) {
    this.#pool = pool;
    this.#shelf = shelf;
  }

  /** Lays a ready endpoint out. */
  lay(slot: Slot): void {
    if (this.#shelf === undefined || this.#closed || slot.offer !== null) return;
    if ((slot.record.tenant ?? SHELF_TENANT) !== SHELF_TENANT) return;
    slot.offer = this.#shelf.offer(slot.record);
    if (slot.offer !== null) this.#byToken.set(slot.offer, slot);
  }

  /** Takes an endpoint back; false where somebody was quicker. One that does not lie there needs not be taken back. */
  withdraw(slot: Slot): boolean {
    if (slot.offer === null) return true;
    if (this.#shelf?.withdraw(this.#pool, slot.offer) === false) return false;
    this.#forget(slot);
    return true;
  }

  /** Takes the first of a queue that nobody was quicker at; what is taken is out of the queue, until it is told of or found. */
  first(shift: () => Slot | undefined): Slot | undefined {
    for (let slot = shift(); slot !== undefined; slot = shift()) {
      if (this.withdraw(slot)) return slot;
      this.#missed.add(slot);
    }
    return undefined;
  }

  /** An endpoint that is not to lie there any more, and whether it is in the queue; undefined where this token is nobody's. */
  claim(token: string): { readonly slot: Slot; readonly queued: boolean } | undefined {
    const slot = this.#byToken.get(token);
    return slot && { slot, queued: this.#forget(slot) };
  }

  /** After a look at the shelf: what could not be taken back, and lay there all the time. It is out of the queue. */
  *found(): Generator<Slot> {
    for (const slot of [...this.#missed]) if (this.withdraw(slot)) yield slot;
  }

  /** The tokens of those that do not lie there now: somebody took them, which a look after this one tells of, or they are lost. */
  missing(): string[] {
    return [...this.#byToken.keys()].filter((token) => this.#shelf?.lies(this.#pool, token) === false);
  }

  /** Those of the missing ones that the look did not tell of. */
  lost(missing: readonly string[]): Slot[] {
    return missing.flatMap((token) => this.#byToken.get(token) ?? []);
  }

  /** Takes everything back that was not taken. */
  close(): void {
    this.#closed = true;
    for (const slot of [...this.#byToken.values()]) this.withdraw(slot);
  }

  /** Whether it was in the queue. */
  #forget(slot: Slot): boolean {
    if (slot.offer !== null) this.#byToken.delete(slot.offer);
    slot.offer = null;
    return !this.#missed.delete(slot);
  }
}
