import type { Shelf } from '../shelf.js';
import type { Endpoint } from './endpoint-table.js';

/**
 * What a pool has laid out on the shelf: the ready endpoints that lie there, or did when somebody last looked. A container may
 * take one at any moment, so each has to be taken back before anything else is done with it.
 */
export class Offers {
  readonly #shelf: Shelf | undefined;
  readonly #byToken = new Map<string, Endpoint>();
  /** Out of the ready queue since they seemed to be taken; whoever took one is told of soon, or nobody did. */
  readonly #missed = new Set<Endpoint>();
  #closed = false;

  /** Undefined where nothing is laid out. */
  constructor(shelf: Shelf | undefined) {
    this.#shelf = shelf;
  }

  /** Lays a ready endpoint out. */
  lay(endpoint: Endpoint): void {
    if (this.#shelf === undefined || this.#closed || endpoint.offer !== null) return;
    this.#lies(endpoint, this.#shelf.offer(endpoint.record));
  }

  /** Takes over the offer of an earlier daemon, if this endpoint has one. To be called before anything else is done with it. */
  adopt(endpoint: Endpoint): void {
    if (this.#shelf !== undefined && !this.#closed) this.#lies(endpoint, this.#shelf.adopt(endpoint.record));
  }

  #lies(endpoint: Endpoint, token: string | null): void {
    endpoint.offer = token;
    if (token !== null) this.#byToken.set(token, endpoint);
  }

  /** Whether nobody can have taken a ready endpoint so far, be it from the shelf. */
  isUntaken({ offer }: Endpoint): boolean {
    return offer === null || this.#shelf?.lies(offer) !== false;
  }

  /** Takes an endpoint back; false where somebody was quicker. One that does not lie there needs not be taken back. */
  withdraw(endpoint: Endpoint): boolean {
    if (endpoint.offer === null) return true;
    if (this.#shelf?.withdraw(endpoint.offer) === false) return false;
    this.#forget(endpoint);
    return true;
  }

  /** Takes the first of a queue that nobody was quicker at; what is taken is out of the queue, until it is told of or found. */
  first(shift: () => Endpoint | undefined): Endpoint | undefined {
    for (let endpoint = shift(); endpoint !== undefined; endpoint = shift()) {
      if (this.withdraw(endpoint)) return endpoint;
      this.#missed.add(endpoint);
    }
    return undefined;
  }

  /** An endpoint that is not to lie there any more, and whether it is in the queue; undefined where this token is nobody's. */
  claim(token: string): { readonly endpoint: Endpoint; readonly queued: boolean } | undefined {
    const endpoint = this.#byToken.get(token);
    return endpoint && { endpoint, queued: this.#forget(endpoint) };
  }

  /** After a look at the shelf: what could not be taken back, and lay there all the time. It is out of the queue. */
  *found(): Generator<Endpoint> {
    for (const endpoint of [...this.#missed]) if (this.withdraw(endpoint)) yield endpoint;
  }

  /** The tokens of those that do not lie there now: somebody took them, which a look after this one tells of, or they are lost. */
  missing(): string[] {
    return [...this.#byToken.keys()].filter((token) => this.#shelf?.lies(token) === false);
  }

  /** Those of the missing ones that the look did not tell of. */
  lost(missing: readonly string[]): Endpoint[] {
    return missing.flatMap((token) => this.#byToken.get(token) ?? []);
  }

  /** Lays nothing out any more. What lies there stays, for clients to take while no daemon runs. */
  close(): void {
    this.#closed = true;
  }

  /** Whether it was in the queue. */
  #forget(endpoint: Endpoint): boolean {
    if (endpoint.offer !== null) this.#byToken.delete(endpoint.offer);
    endpoint.offer = null;
    return !this.#missed.delete(endpoint);
  }
}
