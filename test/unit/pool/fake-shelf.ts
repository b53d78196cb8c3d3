import type { EndpointRecord, Shelf, ShelfNews } from '../../../src/pool/index.js';

/** A shelf in memory, and containers that take from it. */
export class FakeShelf implements Shelf {
  readonly offers = new Map<string, EndpointRecord>();
  readonly marked = new Set<string>();
  readonly several = new Set<string>();
  /** What an earlier daemon offered: tokens by endpoint. */
  readonly adoptable = new Map<string, string>();
  readonly recorded: string[] = [];
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

  adopt(record: EndpointRecord): string | null {
    const token = this.adoptable.get(record.id) ?? null;
    if (token !== null) this.offers.set(token, record);
    return token;
  }

  withdraw(token: string): boolean {
    return this.offers.delete(token);
  }

  isOffered(token: string): boolean {
    return this.offers.has(token);
  }

  collect(): ShelfNews[] {
    return this.#news.splice(0);
  }

  setRecorded(keys: readonly string[]): void {
    this.recorded.push(...keys);
  }

  markSeveral(containerId: string): void {
    this.several.add(containerId);
  }

  mark(containerId: string): void {
    this.marked.add(containerId);
  }

  end(key: string): void {
    this.marked.delete(key);
    this.several.delete(key);
    this.#taken.delete(key);
  }

  /** What netnsd-runc does; the id of the endpoint, undefined where there is none. */
  take(containerId: string, news: Partial<ShelfNews> = {}): string | undefined {
    const { tenant = 'default' } = news;
    const token = [...this.offers].find(([, record]) => (record.tenant ?? tenant) === tenant)?.[0];
    if (token === undefined) return undefined;
    const { id } = this.offers.get(token) as EndpointRecord;
    this.offers.delete(token);
    const leaseId = `lease-of-${containerId}`;
    const taken = {
      key: containerId,
      containerId,
      tenant,
      ttlMs: null,
      process: null,
      forContainer: true,
      token,
      leaseId,
      trust: 'unprivileged',
      takenAtMs: 1000,
      taker: { pid: 7, uid: 1000, gid: 1000 },
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
