import { NetnsdError } from '../errors.js';
import { type ActiveLease, type LeaseTable, leaseNotFound } from './lease/index.js';
import type { Pool } from './pool.js';

const DEFAULT_POOL = 'default';

/** The pools by name, and their leases. */
export class Registry {
  readonly leases: LeaseTable;
  readonly #pools = new Map<string, Pool>();

  constructor(leases: LeaseTable) {
    this.leases = leases;
  }

  /** Throws `internal` for a second pool of one name. */
  add(pool: Pool): void {
    if (this.#pools.has(pool.name)) throw new NetnsdError('internal', `two pools are named ${pool.name}`);
    this.#pools.set(pool.name, pool);
  }

  remove(name: string): void {
    this.#pools.delete(name);
  }

  all(): Pool[] {
    return [...this.#pools.values()];
  }

  get(name: string): Pool | undefined {
    return this.#pools.get(name);
  }

  /** Throws `pool_not_found`. */
  named(name: string): Pool {
    const pool = this.#pools.get(name);
    if (pool !== undefined) return pool;
    throw new NetnsdError(
      'pool_not_found',
      `no pool is named ${JSON.stringify(name)}; the pools are: ${this.#names()}`,
    );
  }

  /** The pool of this name; with no name the one named `default`, or the only one. Throws `pool_not_found`. */
  choose(name: string | undefined): Pool {
    if (name !== undefined) return this.named(name);
    const pool = this.#pools.get(DEFAULT_POOL) ?? this.#only();
    if (pool !== undefined) return pool;
    throw new NetnsdError('pool_not_found', `no pool is named ${DEFAULT_POOL}: name one of ${this.#names()}`);
  }

  /** An active lease and its pool. Throws `lease_not_found`. */
  lease(leaseId: string): { readonly active: ActiveLease; readonly pool: Pool } {
    const active = this.leases.get(leaseId);
    if (active === undefined) throw leaseNotFound(leaseId);
    return { active, pool: this.named(active.lease.pool) };
  }

  #only(): Pool | undefined {
    const pools = this.all().filter((pool) => !pool.isRetired);
    return pools.length === 1 ? pools[0] : undefined;
  }

  #names(): string {
    const names = this.all().flatMap((pool) => (pool.isRetired ? [] : [pool.name]));
    return names.join(', ') || 'none';
  }
}
