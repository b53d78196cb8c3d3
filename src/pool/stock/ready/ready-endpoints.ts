import type { Endpoint } from '../../endpoint.js';
import type { PoolEvents } from '../../events/events.js';
import type { Clock, Endpoints, Shelf } from '../../ports/index.js';
import type { ShelfNews } from '../../ports/shelf.js';
import { Sealer } from '../../recycle/sealer.js';
import type { PoolSettings } from '../../settings.js';
import { Offers } from './offers.js';
import { ReadyQueue } from './ready-queue.js';

interface ReadyEndpointsOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly events: PoolEvents;
  readonly shelf?: Shelf | undefined;
  readonly clock: Clock;
}

/**
 * The ready endpoints of a pool: in a queue, sealed, and offered on the shelf. A client may take an offer at any moment, so
 * each endpoint is withdrawn from the shelf before anything else is done with it.
 */
export class ReadyEndpoints {
  readonly #options: ReadyEndpointsOptions;
  readonly #queue = new ReadyQueue();
  readonly #offers: Offers;
  readonly #sealer: Sealer;

  constructor(options: ReadyEndpointsOptions) {
    this.#options = options;
    // Where tenants are isolated, an endpoint that was never leased reaches none until the daemon has added it to a tenant.
    this.#offers = new Offers(options.shelf, { ofTenantsOnly: options.settings.isolation === 'tenant' });
    this.#sealer = new Sealer({
      ...options,
      isUntaken: (endpoint) => this.#offers.isUntaken(endpoint),
      finished: (endpoint) => this.#offers.offer(endpoint),
    });
  }

  get size(): number {
    return this.#queue.size;
  }

  /** How many were never leased. */
  get unused(): number {
    return this.#queue.unused;
  }

  /** Whether several tenants have used the pool. */
  get mixed(): boolean {
    return this.#queue.mixed;
  }

  /** How many this tenant may have. */
  sizeFor(tenant: string): number {
    return this.#queue.sizeFor(tenant);
  }

  /** See `Offers.adopt`. */
  adoptOffer(endpoint: Endpoint): void {
    this.#offers.adopt(endpoint);
  }

  /** See `Offers.withdraw`. */
  withdraw(endpoint: Endpoint): boolean {
    return this.#offers.withdraw(endpoint);
  }

  /** One more ready endpoint, whose record says so already. */
  add(endpoint: Endpoint, reason: string | null = null): void {
    this.#queue.push(endpoint);
    if (this.#isFinished(endpoint)) this.#offers.offer(endpoint);
    else this.#sealer.add(endpoint);
    this.#options.events.emitOf('ready', endpoint, reason);
  }

  /** Takes the oldest endpoint that this tenant may have. */
  take(tenant: string): Endpoint | undefined {
    const endpoint = this.#offers.first(() => this.#queue.take(tenant));
    if (endpoint !== undefined) endpoint.acquisitions += 1;
    return endpoint;
  }

  /** Takes this endpoint for a tenant that may have it; false where a client has taken it from the shelf. */
  takeThis(endpoint: Endpoint, tenant: string): boolean {
    if (!this.remove(endpoint)) return false;
    this.#queue.note(tenant);
    endpoint.acquisitions += 1;
    return true;
  }

  /** An endpoint that was taken and not leased: it is the oldest again. */
  putBack(endpoint: Endpoint): void {
    endpoint.acquisitions -= 1;
    this.#queue.unshift(endpoint);
    if (this.#isFinished(endpoint)) this.#offers.offer(endpoint);
  }

  /** The endpoint that a client took from the shelf; undefined where none is, or was, offered under this token. */
  claim({ token, tenant }: ShelfNews): Endpoint | undefined {
    const claimed = this.#offers.claim(token);
    if (claimed?.endpoint.record.state !== 'ready') return undefined;
    const { endpoint, queued } = claimed;
    if (queued) this.#queue.remove(endpoint);
    this.#queue.note(tenant);
    endpoint.acquisitions += 1;
    return endpoint;
  }

  /** Takes a certain endpoint; false where it is not ready any more. */
  remove(endpoint: Endpoint): boolean {
    return this.#offers.withdraw(endpoint) && this.#queue.remove(endpoint);
  }

  /** Takes one of which there are too many: see `ReadyQueue`. */
  takeSurplus(): Endpoint | undefined {
    return this.#offers.first(() => this.#queue.takeSurplus());
  }

  /** Takes the one that is needed least: see `ReadyQueue`. */
  takeSpare(): Endpoint | undefined {
    return this.#offers.first(() => this.#queue.takeSpare());
  }

  /** Takes one that this tenant may not have. */
  takeForeign(tenant: string): Endpoint | undefined {
    return this.#offers.first(() => this.#queue.takeForeign(tenant));
  }

  /** After a look at the shelf: what seemed to be taken and is still offered is ready as before. */
  recover(): void {
    for (const endpoint of this.#offers.found()) {
      this.#queue.push(endpoint);
      this.#offers.offer(endpoint);
    }
  }

  /** See `Offers.missing`. */
  missingOffers(): string[] {
    return this.#offers.missing();
  }

  /** See `Offers.lost`. */
  lostOffers(missing: readonly string[]): Endpoint[] {
    return this.#offers.lost(missing);
  }

  /** An endpoint whose offer is lost: it is not offered and not ready any more. */
  removeLost(endpoint: Endpoint): void {
    if (endpoint.offer !== null && this.#offers.claim(endpoint.offer)?.queued) this.#queue.remove(endpoint);
  }

  /** Offers what could not be offered before. */
  offerAll(): void {
    for (const endpoint of this.#queue) if (this.#isFinished(endpoint)) this.#offers.offer(endpoint);
  }

  /** Offers and seals nothing any more; resolves when no seal is under way. What is offered may still be taken. */
  async close(): Promise<void> {
    this.#offers.close();
    this.#sealer.close();
    await this.#sealer.idle();
  }

  /** Whether nothing more is to be done to a ready endpoint. */
  #isFinished({ sealed }: Endpoint): boolean {
    return sealed || this.#options.settings.recycle !== 'verify';
  }
}
