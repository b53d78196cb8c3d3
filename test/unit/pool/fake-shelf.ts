import type { EndpointRecord, Shelf, ShelfNews } from '../../../src/pool/index.js';

/** A shelf in memory, and containers that take from it. */
export class FakeShelf implements Shelf {
  readonly offers = new Map<string, EndpointRecord>();
  readonly held = new Set<string>();
  readonly settled: string[] = [];
  sawAll = true;
  readonly #news: ShelfNews[] = [];
  readonly #taken = new Map<string, ShelfNews>();
  #serial = 0;

  offer(record: EndpointRecord): string {
    this.#serial += 1;
    const token = `${record.id}.${this.#serial}`;
    this.offers.set(token, record);
    return token;
  }

  withdraw(_pool: string, token: string): boolean {
    return this.offers.delete(token);
  }

  lies(_pool: string, token: string): boolean {
    return this.offers.has(token);
  }

  collect(): ShelfNews[] {
    return this.#news.splice(0);
  }

  settle(containerIds: readonly string[]): void {
    this.settled.push(...containerIds);
  }

  hold(containerId: string): void {
    this.held.add(containerId);
  }

  letGo(containerId: string): void {
    this.held.delete(containerId);
    this.#taken.delete(containerId);
  }

  /** What netnsd-runc does; the id of the endpoint, undefined where there is none. */
  take(containerId: string, news: Partial<ShelfNews> = {}): string | undefined {
    const [token] = this.offers.keys();
    if (token === undefined) return undefined;
    const { id } = this.offers.get(token) as EndpointRecord;
    this.offers.delete(token);
    const leaseId = `lease-of-${containerId}`;
    const taken = {
      containerId,
      token,
      leaseId,
      trust: 'unprivileged',
      takenAtMs: 1000,
      pid: 7,
      returned: false,
    } as const;
    this.#taken.set(containerId, { ...taken, ...news });
    this.#news.push({ ...taken, ...news });
    return id;
  }

  giveBack(containerId: string): void {
    const taken = this.#taken.get(containerId);
    if (taken !== undefined) this.#news.push({ ...taken, returned: true });
  }
}
