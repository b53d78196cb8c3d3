import t from 'tap';
import type { Lease } from '../../../src/pool/index.js';
import { NEXT_STATES } from '../../../src/pool/stock/table/states.js';
import { FakeShelf } from './fake-shelf.js';
import { type Sizes, world } from './fakes.js';
import { type Failing, type Happening, MAX } from './storm-events.js';

const CAPACITY = 10;

/** The longest that an acquire waits. */
const LONGEST_WAIT_MS = 20_000;

/** A pool over fakes to which events happen, and what must hold after each. */
export class Storm {
  readonly shelf = new FakeShelf();
  readonly world;
  readonly unsettled = new Set<Promise<unknown>>();
  readonly aborts: AbortController[] = [];
  readonly leases = new Map<string, Lease>();
  readonly lastState = new Map<string, string>();
  historyRead = 0;
  takes = 0;
  readonly recycle;

  constructor(sizes: Sizes) {
    this.recycle = sizes.recycle;
    const pools = [{ minReady: 3, max: MAX, capacity: CAPACITY, buildBatch: 2, ...sizes }];
    this.world = world({ pools, shelf: this.shelf });
    this.world.endpoints.manual = true;
    this.world.pools.subscribe(({ type, lease }) => type === 'released' && this.leases.delete(lease as string));
  }

  async act(happening: Happening): Promise<void> {
    const { pools, clock, endpoints, records } = this.world;
    const request = endpoints.requests[happening.n % Math.max(1, endpoints.requests.length)];
    switch (happening.what) {
      case 'acquire':
        this.acquire(happening);
        break;
      case 'abort':
        this.aborts[happening.n % Math.max(1, this.aborts.length)]?.abort();
        break;
      case 'release': {
        const ids = [...this.leases.keys()];
        const id = ids[happening.n % Math.max(1, ids.length)];
        if (id !== undefined) pools.release(id);
        break;
      }
      case 'take':
        this.takes += 1;
        this.shelf.take(`container-${this.takes}`);
        break;
      case 'give back':
        this.shelf.giveBack(`container-${happening.n % Math.max(1, this.takes)}`);
        break;
      case 'dirty':
      case 'enter': {
        const { id, netns } = pools.leases()[happening.n % Math.max(1, pools.leases().length)] ?? {};
        if (netns === undefined || id === undefined) break;
        if (happening.what === 'enter') endpoints.inside.set(netns.inode, [1]);
        else endpoints.traces.set(netns.path.split('/').at(-1) as string, { kind: 'links', text: 'one more' });
        break;
      }
      case 'answer':
        request?.answer((position) => (happening.fail >> position) % 2 === 1);
        break;
      case 'lose':
        request?.lose();
        break;
      case 'resize':
        pools.resize('default', { max: happening.max, minReady: happening.n % (happening.max + 1) });
        break;
      case 'advance':
        await clock.advance(happening.ms);
        break;
      case 'disk':
        records.full = happening.n % 4 === 0;
        this.diskWasFull ||= records.full;
        break;
    }
    // Sometimes the next thing happens before this one's promises had their turn.
    if (happening.n % 3 > 0) await clock.settle();
    this.check();
  }

  acquire({ count, wait, ttl, container, tenant }: Happening & { what: 'acquire' }): void {
    const abort = new AbortController();
    this.aborts.push(abort);
    const asked = this.world.pools.acquire({
      count: container === undefined ? count : 1,
      containerId: container,
      tenant,
      waitSeconds: wait,
      ttlSeconds: ttl,
      signal: abort.signal,
    });
    const settled = asked.then(
      (leases) => {
        for (const lease of leases) this.leases.set(lease.id, lease);
        const expected = container === undefined ? count : 1;
        if (leases.length !== expected) throw new Error(`${leases.length} leases for ${expected}`);
      },
      (error: { code?: string }) => {
        const codes = [
          'bad_request',
          'lease_conflict',
          'pool_exhausted',
          'build_failed',
          'client_gone',
          'state_write_failed',
        ];
        if (!codes.includes(error.code ?? '')) throw error;
      },
    );
    this.unsettled.add(settled);
    settled.then(
      () => this.unsettled.delete(settled),
      (error) => this.problems.push(String(error)),
    );
  }

  readonly problems: string[] = [];

  /** What must hold at every moment. */
  check(): void {
    const { pools, records, endpoints } = this.world;
    const status = pools.poolStatus('default');
    if (status === undefined) throw new Error('no pool');
    const problems = [...this.problems, ...records.faults, ...endpoints.faults];
    const existing = status.building + status.ready + status.leased + status.dirty + status.broken + status.destroying;
    if (existing > MAX) problems.push(`${existing} endpoints exist`);
    const onDisk = [...records.onDisk.values()];
    const indexes = onDisk.map(({ index }) => index);
    // A record that could not be rewritten stays as it was: then disk and memory differ, but only on the way out.
    if (!this.diskWasFull) {
      if (new Set(indexes).size !== indexes.length) problems.push('an index is in use twice');
      for (const state of ['building', 'ready', 'leased', 'dirty', 'broken', 'destroying'] as const) {
        if (records.count(state) !== status[state])
          problems.push(`${records.count(state)} records ${state}, ${status[state]} are`);
      }
    }
    const paths = pools.leases().map(({ netns }) => netns.path);
    if (new Set(paths).size !== paths.length) problems.push('an endpoint is leased twice');
    if (paths.length !== status.leased) problems.push(`${paths.length} leases, ${status.leased} leased endpoints`);
    for (const lease of pools.leases()) {
      const record = onDisk.find(({ lease: terms }) => terms?.id === lease.id);
      // One from the shelf stays on the shelf until it is recorded.
      if (record === undefined && this.diskWasFull && lease.id.startsWith('lease-of')) continue;
      if (record?.facts?.netns.path !== lease.netns.path) problems.push(`lease ${lease.id} is not on disk`);
      if (!endpoints.alive.has(record?.id ?? '')) problems.push(`lease ${lease.id} has no endpoint`);
    }
    this.checkHistory(problems);
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  diskWasFull = false;

  checkHistory(problems: string[]): void {
    const { history } = this.world.records;
    for (; this.historyRead < history.length; this.historyRead += 1) {
      const [id = '', state = ''] = (history[this.historyRead] as string).split(' ');
      const last = this.lastState.get(id);
      this.lastState.set(id, state);
      if (this.diskWasFull) continue;
      const allowed: readonly string[] = last === undefined ? ['building'] : (NEXT_STATES[last as 'ready'] ?? []);
      if (!allowed.includes(state)) problems.push(`${id} went from ${last} to ${state}`);
    }
  }

  /**
   * Nothing new happens, and nothing is released; what fails goes on failing. Then every acquire ends within the time that it
   * was to wait.
   */
  async pause(failing: Failing): Promise<void> {
    const { clock, endpoints, records } = this.world;
    records.full = failing === 'disk';
    this.diskWasFull ||= records.full;
    endpoints.failBuilds = failing === 'build';
    endpoints.failDestroys = failing === 'destroy';
    endpoints.manual = false;
    for (const request of [...endpoints.requests]) request.answer();
    for (let passedMs = 0; passedMs <= 2 * LONGEST_WAIT_MS; passedMs += 1000) await clock.advance(1000);
    if (this.unsettled.size > 0)
      throw new Error(
        `${this.unsettled.size} acquires never end: ${JSON.stringify(this.world.pools.poolStatus('default'))}`,
      );
    this.check();
  }

  /** Nothing fails any more, and all leases are released: the pool has its target, and nothing is left over. */
  async recover(): Promise<void> {
    const { pools, clock, endpoints, records } = this.world;
    records.full = false;
    endpoints.failBuilds = false;
    endpoints.failDestroys = false;
    pools.resize('default', { minReady: 3, max: MAX });
    endpoints.inside.clear();
    for (let i = 0; i < 20; i += 1) {
      for (const { id } of pools.leases()) pools.release(id);
      await clock.advance(5000);
    }
    const status = pools.poolStatus('default');
    const { ready, leased, building, dirty, broken, destroying } = status ?? {};
    const rest = { leased, building, dirty, broken, destroying };
    t.strictSame(rest, { leased: 0, building: 0, dirty: 0, broken: 0, destroying: 0 });
    // Used endpoints come on top of the target.
    if (ready !== 3 && (this.recycle !== 'verify' || (ready ?? 0) < 3)) throw new Error(`${ready} are ready`);
    if (this.unsettled.size > 0) throw new Error(`${this.unsettled.size} acquires were never answered`);
    if (this.shelf.marked.size > 0) throw new Error(`${[...this.shelf.marked]} are kept from the shelf`);
    const alive = [...endpoints.alive.keys()].sort();
    const onDisk = [...records.onDisk.keys()].sort();
    if (alive.join() !== onDisk.join() || alive.length !== ready) throw new Error(`alive ${alive}, on disk ${onDisk}`);
    this.check();
  }
}
