import type { Endpoint } from '../../endpoint.js';
import type { Shelf } from '../../ports/index.js';

/**
 * What a pool offers on the shelf: ready endpoints, each under a token. A client may take one at any moment, so each is
 * withdrawn before anything else is done with it.
 */
export class Offers {
  readonly #shelf: Shelf | undefined;
  readonly #ofTenantsOnly: boolean;
  readonly #byToken = new Map<string, Endpoint>();
  /** Out of the ready queue since they could not be withdrawn: the next look at the shelf says whether a client took them. */
  readonly #missed = new Set<Endpoint>();
  #closed = false;

  /** Without a shelf nothing is offered. `ofTenantsOnly`: nor is an endpoint that was never leased. */
  constructor(shelf: Shelf | undefined, { ofTenantsOnly = false }: { ofTenantsOnly?: boolean } = {}) {
    this.#shelf = shelf;
    this.#ofTenantsOnly = ofTenantsOnly;
  }

  /** Offers a ready endpoint. */
  offer(endpoint: Endpoint): void {
    if (this.#shelf === undefined || this.#closed || endpoint.offer !== null) return;
    if (this.#ofTenantsOnly && endpoint.record.tenant === null) return;
    this.#note(endpoint, this.#shelf.offer(endpoint.record));
  }

  /** Takes over the offer of an earlier daemon, if this endpoint has one, before anything else is done with it. */
  adopt(endpoint: Endpoint): void {
    if (this.#shelf !== undefined && !this.#closed) this.#note(endpoint, this.#shelf.adopt(endpoint.record));
  }

  /** Whether it is certain that no client has taken a ready endpoint from the shelf. */
  isUntaken({ offer }: Endpoint): boolean {
    return offer === null || this.#shelf?.isOffered(offer) !== false;
  }

  /** Withdraws an endpoint; false where a client took it. True for one that is not offered. */
  withdraw(endpoint: Endpoint): boolean {
    if (endpoint.offer === null) return true;
    if (this.#shelf?.withdraw(endpoint.offer) === false) return false;
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
    return [...this.#byToken.keys()].filter((token) => this.#shelf?.isOffered(token) === false);
  }

  /** Those of the missing ones that no client took, by the look. */
  lost(missing: readonly string[]): Endpoint[] {
    return missing.flatMap((token) => this.#byToken.get(token) ?? []);
  }

  /** Offers nothing any more. What is offered stays, for clients to take while no daemon runs. */
  close(): void {
    this.#closed = true;
  }

  #note(endpoint: Endpoint, token: string | null): void {
    endpoint.offer = token;
    if (token !== null) this.#byToken.set(token, endpoint);
  }

  /** Whether it was in the queue. */
  #forget(endpoint: Endpoint): boolean {
    if (endpoint.offer !== null) this.#byToken.delete(endpoint.offer);
    endpoint.offer = null;
    return !this.#missed.delete(endpoint);
  }
}
