import type { Endpoint } from '../../endpoint.js';
import { Fifo } from '../../fifo.js';

/** The ready endpoints, oldest first: unused ones for any tenant, and those that a tenant has used, for that tenant only. */
export class ReadyQueue {
  readonly #unused = new Fifo<Endpoint>();
  readonly #byTenant = new Map<string, Fifo<Endpoint>>();
  #usedSize = 0;
  #firstTenant: string | null = null;
  #mixed = false;

  get size(): number {
    return this.#unused.size + this.#usedSize;
  }

  /** How many were never leased. */
  get unused(): number {
    return this.#unused.size;
  }

  /** Whether several tenants have used the pool. */
  get mixed(): boolean {
    return this.#mixed;
  }

  /** How many this tenant may have. */
  sizeFor(tenant: string): number {
    return this.#unused.size + (this.#byTenant.get(tenant)?.size ?? 0);
  }

  /** Takes the oldest that the tenant has used, or else the oldest unused one. */
  take(tenant: string): Endpoint | undefined {
    this.note(tenant);
    const own = this.#byTenant.get(tenant)?.shift();
    if (own === undefined) return this.#unused.shift();
    this.#left(tenant);
    return own;
  }

  /** This tenant uses the pool. */
  note(tenant: string): void {
    this.#firstTenant ??= tenant;
    this.#mixed ||= tenant !== this.#firstTenant;
  }

  /** Takes one of which there are too many: the oldest for any tenant, or else the oldest used one. */
  takeSurplus(): Endpoint | undefined {
    return this.#mixed ? (this.#unused.shift() ?? this.takeSpare()) : this.takeSpare();
  }

  /** Takes the one that is needed least: the oldest used one, or else the oldest. */
  takeSpare(): Endpoint | undefined {
    const [tenant] = this.#byTenant.keys();
    return tenant === undefined ? this.#unused.shift() : this.#takeUsed(tenant);
  }

  /** Takes one that only another tenant may have. */
  takeForeign(tenant: string): Endpoint | undefined {
    for (const other of this.#byTenant.keys()) if (other !== tenant) return this.#takeUsed(other);
    return undefined;
  }

  /** Takes a certain one; false where it is not in the queue. */
  remove(endpoint: Endpoint): boolean {
    const { tenant } = endpoint.record;
    if (tenant === null) return this.#unused.delete(endpoint);
    if (this.#byTenant.get(tenant)?.delete(endpoint) !== true) return false;
    this.#left(tenant);
    return true;
  }

  push(endpoint: Endpoint): void {
    this.#queueOf(endpoint).push(endpoint);
  }

  /** Puts one back that was taken and not leased: it is the oldest again. */
  unshift(endpoint: Endpoint): void {
    this.#queueOf(endpoint).unshift(endpoint);
  }

  *[Symbol.iterator](): Generator<Endpoint> {
    yield* this.#unused;
    for (const queue of this.#byTenant.values()) yield* queue;
  }

  #takeUsed(tenant: string): Endpoint | undefined {
    const endpoint = this.#byTenant.get(tenant)?.shift();
    if (endpoint !== undefined) this.#left(tenant);
    return endpoint;
  }

  #left(tenant: string): void {
    this.#usedSize -= 1;
    if (this.#byTenant.get(tenant)?.size === 0) this.#byTenant.delete(tenant);
  }

  #queueOf({ record }: Endpoint): Fifo<Endpoint> {
    if (record.tenant === null) return this.#unused;
    this.#usedSize += 1;
    let queue = this.#byTenant.get(record.tenant);
    if (queue === undefined) {
      queue = new Fifo();
      this.#byTenant.set(record.tenant, queue);
    }
    return queue;
  }
}
