import type { Endpoint } from './endpoint-table.js';
import { Fifo } from './fifo.js';

/**
 * The ready endpoints, oldest first: those that nobody has had, for anybody, and those of each tenant, for that one only.
 */
export class ReadyQueue {
  readonly #virgin = new Fifo<Endpoint>();
  readonly #used = new Map<string, Fifo<Endpoint>>();
  #usedSize = 0;
  #firstTenant: string | null = null;
  #mixed = false;

  get size(): number {
    return this.#virgin.size + this.#usedSize;
  }

  /** How many nobody has had. */
  get virgin(): number {
    return this.#virgin.size;
  }

  /** Whether several tenants have asked. */
  get mixed(): boolean {
    return this.#mixed;
  }

  /** How many this tenant may have. */
  sizeFor(tenant: string): number {
    return this.#virgin.size + (this.#used.get(tenant)?.size ?? 0);
  }

  /** Takes the oldest that the tenant has had before, or else the oldest that nobody has had. */
  take(tenant: string): Endpoint | undefined {
    this.note(tenant);
    const own = this.#used.get(tenant)?.shift();
    if (own === undefined) return this.#virgin.shift();
    this.#left(tenant);
    return own;
  }

  /** This tenant has asked. */
  note(tenant: string): void {
    this.#firstTenant ??= tenant;
    this.#mixed ||= tenant !== this.#firstTenant;
  }

  /** Takes one of which there are too many: the oldest that serves anybody, or else the oldest. */
  takeSurplus(): Endpoint | undefined {
    return this.#mixed ? (this.#virgin.shift() ?? this.takeSpare()) : this.takeSpare();
  }

  /** Takes the one that is missed least: the oldest that somebody has had, or else the oldest. */
  takeSpare(): Endpoint | undefined {
    const [tenant] = this.#used.keys();
    return tenant === undefined ? this.#virgin.shift() : this.#takeUsed(tenant);
  }

  /** Takes one that this tenant may not have. */
  takeForeign(tenant: string): Endpoint | undefined {
    for (const other of this.#used.keys()) if (other !== tenant) return this.#takeUsed(other);
    return undefined;
  }

  /** Takes a certain one; false where it is not ready any more. */
  remove(endpoint: Endpoint): boolean {
    const { tenant } = endpoint.record;
    if (tenant === null) return this.#virgin.delete(endpoint);
    if (this.#used.get(tenant)?.delete(endpoint) !== true) return false;
    this.#left(tenant);
    return true;
  }

  push(endpoint: Endpoint): void {
    this.#queueOf(endpoint).push(endpoint);
  }

  /** What was taken and not used: it is still the oldest. */
  unshift(endpoint: Endpoint): void {
    this.#queueOf(endpoint).unshift(endpoint);
  }

  *[Symbol.iterator](): Generator<Endpoint> {
    yield* this.#virgin;
    for (const queue of this.#used.values()) yield* queue;
  }

  #takeUsed(tenant: string): Endpoint | undefined {
    const endpoint = this.#used.get(tenant)?.shift();
    if (endpoint !== undefined) this.#left(tenant);
    return endpoint;
  }

  #left(tenant: string): void {
    this.#usedSize -= 1;
    if (this.#used.get(tenant)?.size === 0) this.#used.delete(tenant);
  }

  #queueOf({ record }: Endpoint): Fifo<Endpoint> {
    if (record.tenant === null) return this.#virgin;
    this.#usedSize += 1;
    let queue = this.#used.get(record.tenant);
    if (queue === undefined) {
      queue = new Fifo();
      this.#used.set(record.tenant, queue);
    }
    return queue;
  }
}
