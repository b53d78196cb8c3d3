import type { Endpoint } from '../endpoint.js';
import { SHELF_TENANT, type Shelf } from '../shelf.js';

interface OffersOptions {
  readonly pool: string;
  /** Undefined where nothing is offered. */
  readonly shelf: Shelf | undefined;
}

/**
 * What a pool offers on the shelf: ready endpoints, each under a token. A client may take one at any moment, so each is
 * withdrawn before anything else is done with it.
 */
export class Offers {
  readonly #pool: string;
  readonly #shelf: Shelf | undefined;
  readonly #byToken = new Map<string, Endpoint>();
  /** Out of the ready queue since they could not be withdrawn: the next look at the shelf says whether a client took them. */
  readonly #missed = new Set<Endpoint>();
  #closed = false;

  constructor({ pool, shelf }: OffersOptions) {
    this.#pool = pool;
    this.#shelf = shelf;
  }

  /** Offers a ready endpoint. */
  lay(endpoint: Endpoint): void {
    if (this.#shelf === undefined || this.#closed || endpoint.offer !== null) return;
    if ((endpoint.record.tenant ?? SHELF_TENANT) !== SHELF_TENANT) return;
    endpoint.offer = this.#shelf.offer(endpoint.record);
    if (endpoint.offer !== null) this.#byToken.set(endpoint.offer, endpoint);
  }

  /** Withdraws an endpoint; false where a client took it. True for one that is not offered. */
  withdraw(endpoint: Endpoint): boolean {
    if (endpoint.offer === null) return true;
    if (this.#shelf?.withdraw(this.#pool, endpoint.offer) === false) return false;
    this.#forget(endpoint);
    return true;
  }

  /** Takes the first of a queue that can be withdrawn; the others are out of the queue until they are claimed or found. */
  first(shift: () => Endpoint | undefined): Endpoint | undefined {
    for (let endpoint = shift(); endpoint !== undefined; endpoint = shift()) {
      if (this.withdraw(endpoint)) return endpoint;
      this.#missed.add(endpoint);
    }
    return undefined;
  }

  /** An endpoint that is not offered any more, and whether it is in the queue; undefined where no offer has this token. */
  claim(token: string): { readonly endpoint: Endpoint; readonly queued: boolean } | undefined {
    const endpoint = this.#byToken.get(token);
    return endpoint && { endpoint, queued: this.#forget(endpoint) };
  }

  /** After a look at the shelf: what could not be withdrawn before and was not taken. It is out of the queue. */
  *found(): Generator<Endpoint> {
    for (const endpoint of [...this.#missed]) if (this.withdraw(endpoint)) yield endpoint;
  }

  /** The tokens of those that are not on the shelf now: a look after this one says that a client took them, or they are lost. */
  missing(): string[] {
    return [...this.#byToken.keys()].filter((token) => this.#shelf?.lies(this.#pool, token) === false);
  }

  /** Those of the missing ones that no client took, by the look. */
  lost(missing: readonly string[]): Endpoint[] {
    return missing.flatMap((token) => this.#byToken.get(token) ?? []);
  }

  /** Withdraws everything that was not taken. */
  close(): void {
    this.#closed = true;
    for (const endpoint of [...this.#byToken.values()]) this.withdraw(endpoint);
  }

  /** Whether it was in the queue. */
  #forget(endpoint: Endpoint): boolean {
    if (endpoint.offer !== null) this.#byToken.delete(endpoint.offer);
    endpoint.offer = null;
    return !this.#missed.delete(endpoint);
  }
}
