import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import type { BoundProcess, Processes } from '../../../src/pool/index.js';
import { outcome, world } from './fakes.js';

/** Processes that live and end as the test says; their start is their number times ten. */
class FakeProcesses implements Processes {
  readonly living = new Set([7, 8]);
  readonly watched = new Set<{ process: BoundProcess; listener: () => void }>();
  held = 0;

  hold(pid: number) {
    if (!this.living.has(pid)) throw new NetnsdError('process_gone', `no process ${pid}`);
    const process = { pid, startTicks: pid * 10 };
    const ended = new AbortController();
    const stop = this.watch(process, () => ended.abort());
    this.held += 1;
    const dispose = () => {
      this.held -= 1;
      stop();
    };
    return { process, ended: ended.signal, [Symbol.dispose]: dispose };
  }

  watch(process: BoundProcess, listener: () => void): () => void {
    const entry = { process, listener };
    this.watched.add(entry);
    return () => this.watched.delete(entry);
  }

  end(pid: number): void {
    this.living.delete(pid);
    for (const entry of [...this.watched]) {
      if (entry.process.pid !== pid || !this.watched.delete(entry)) continue;
      entry.listener();
    }
  }
}

function bound(options: Parameters<typeof world>[0] = {}) {
  const processes = new FakeProcesses();
  return { processes, ...world({ ...options, processes }) };
}

t.test('a lease ends with its process, which is in its record', async (t) => {
  const { pools, clock, processes, records, events } = bound();
  await clock.settle();
  const [lease] = await pools.acquire({ pid: 7 });
  t.match(lease, { process: { pid: 7, startTicks: 70 } });
  t.match(records.onDisk.get('default-1'), { lease: { process: { pid: 7, startTicks: 70 } } });
  t.equal(processes.held, 0, 'the lease alone holds on to it');
  processes.end(8);
  t.equal(pools.leases().length, 1);
  processes.end(7);
  t.equal(pools.leases().length, 0);
  t.match(
    events.find(({ type }) => type === 'released'),
    { lease: lease?.id, reason: 'its process has ended' },
  );
  t.equal(processes.watched.size, 0);
});

t.test('all leases of a process end with it; one that was released before is not released again', async (t) => {
  const { pools, clock, processes } = bound({ pools: [{ minReady: 5 }] });
  await clock.settle();
  const leases = await pools.acquire({ count: 3, pid: 7, ttlSeconds: 60 });
  t.ok(leases.every(({ process, expiresAt }) => process?.pid === 7 && expiresAt !== null));
  const [unbound] = await pools.acquire({});
  pools.release(leases[0]?.id as string);
  t.equal(processes.watched.size, 2);
  processes.end(7);
  t.same(
    pools.leases().map(({ id }) => id),
    [unbound?.id],
  );
  t.match(pools.poolStatus('default'), { released: 3 });
});

t.test('nothing is leased for a process that has ended', async (t) => {
  const { pools, clock, processes } = bound();
  await clock.settle();
  await t.rejects(pools.acquire({ pid: 9 }), { code: 'process_gone' });
  t.match(pools.poolStatus('default'), { leased: 0, acquiredWarm: 0 });
  t.equal(processes.watched.size, 0);
  await t.rejects(world().pools.acquire({ pid: 7 }), { code: 'bad_request' }, 'nor where processes cannot be watched');
});

t.test('an acquire leaves the queue when its process ends', async (t) => {
  const { pools, clock, processes, endpoints } = bound({ pools: [{ minReady: 0, max: 2 }] });
  endpoints.manual = true;
  const waiting = outcome(pools.acquire({ count: 2, pid: 7, waitSeconds: 60 }));
  const behind = outcome(pools.acquire({ pid: 8, waitSeconds: 60 }));
  await clock.settle();
  processes.end(7);
  t.match(await waiting, { error: { code: 'process_gone', message: /ended before/ } });
  for (const request of [...endpoints.requests]) request.answer();
  await clock.settle();
  t.match(await behind, { value: [{ process: { pid: 8 } }] });
  t.match(pools.poolStatus('default'), { leased: 1 });
  t.equal(processes.held, 0);
  t.equal(processes.watched.size, 1);
});

t.test('a client that disconnects and a process that ends give different errors', async (t) => {
  const { pools, clock, processes, endpoints } = bound({ pools: [{ minReady: 0 }] });
  endpoints.manual = true;
  const leaving = new AbortController();
  const waiting = outcome(pools.acquire({ pid: 7, signal: leaving.signal }));
  await clock.settle();
  leaving.abort();
  t.match(await waiting, { error: { code: 'client_gone' } });
  t.equal(processes.watched.size, 0);
  await t.rejects(pools.acquire({ pid: 7, signal: leaving.signal }), { code: 'client_gone' });
});

t.test("an acquire bound to another process than the container's lease is a conflict", async (t) => {
  const { pools, clock } = bound({ pools: [{ minReady: 4 }] });
  await clock.settle();
  const [first] = await pools.acquire({ containerId: 'a', pid: 7 });
  t.match(await pools.acquire({ containerId: 'a', pid: 7 }), [{ id: first?.id }]);
  t.match(await pools.acquire({ containerId: 'a' }), [{ id: first?.id, process: { pid: 7 } }]);
  const conflict = { code: 'lease_conflict', message: /bound to process 7, not to process 8/ };
  await t.rejects(pools.acquire({ containerId: 'a', pid: 8 }), conflict);
  await pools.acquire({ containerId: 'b' });
  await t.rejects(pools.acquire({ containerId: 'b', pid: 7 }), {
    code: 'lease_conflict',
    message: /bound to no process/,
  });
});

t.test('so is an acquire bound to another process than one that waits for the same container', async (t) => {
  const { pools, clock, endpoints } = bound({ pools: [{ minReady: 0 }] });
  endpoints.manual = true;
  const first = outcome(pools.acquire({ containerId: 'a', pid: 7 }));
  await clock.settle();
  await t.rejects(pools.acquire({ containerId: 'a', pid: 8 }), { code: 'lease_conflict' });
  for (const request of [...endpoints.requests]) request.answer();
  t.match(await first, { value: [{ process: { pid: 7 } }] });
});

t.test('a restart watches the process of a lease again, and closing stops that', async (t) => {
  const before = bound({ pools: [{ minReady: 2 }] });
  await before.clock.settle();
  const [kept] = await before.pools.acquire({ pid: 7 });
  const [lost] = await before.pools.acquire({ pid: 8 });
  await before.pools.close();
  t.equal(before.processes.watched.size, 0);
  t.equal(before.pools.leases().length, 2, 'a daemon that stops leaves leases alone');
  const { pools, processes } = bound({ adopted: [...before.records.onDisk.values()], seq: 9 });
  t.equal(processes.watched.size, 2);
  processes.end(8);
  t.same(
    pools.leases().map(({ id }) => id),
    [kept?.id],
  );
  t.not(kept?.id, lost?.id);
});

t.test('a renewal counts from now on, is recorded first, and can set a first limit', async (t) => {
  const { pools, clock, records } = bound({ pools: [{ minReady: 3 }] });
  await clock.settle();
  const [short] = await pools.acquire({ ttlSeconds: 10 });
  const [endless] = await pools.acquire({});
  await clock.advance(9_000);
  const renewed = pools.renew(short?.id as string, 10);
  t.equal(renewed, pools.lease(short?.id as string), 'the same object: the API keeps account of it');
  t.equal(renewed.expiresAt, '2026-01-01T00:00:19.000Z');
  t.match(records.onDisk.get('default-1'), { lease: { expiresAt: renewed.expiresAt, dueMonotonicMs: 19_000 } });
  pools.renew(endless?.id as string, 5);
  await clock.advance(5_000);
  t.equal(pools.lease(endless?.id as string), undefined);
  await clock.advance(4_999);
  t.equal(pools.leases().length, 1);
  await clock.advance(1);
  t.equal(pools.leases().length, 0);
  t.throws(() => pools.renew(short?.id as string, 10), { code: 'lease_not_found' });
});

t.test('a renewal can shorten a lease, and one that cannot be recorded changes nothing', async (t) => {
  const { pools, clock, records } = bound({ pools: [{ minReady: 3 }] });
  await clock.settle();
  const [lease] = await pools.acquire({ ttlSeconds: 10 });
  const id = lease?.id as string;
  records.full = true;
  t.throws(() => pools.renew(id, 1000), { code: 'state_write_failed' });
  records.full = false;
  t.equal(pools.lease(id)?.expiresAt, '2026-01-01T00:00:10.000Z');
  t.throws(() => pools.renew(id, 0), { code: 'bad_request' });
  t.throws(() => pools.renew(id, Number.NaN), { code: 'bad_request' });
  pools.renew(id, 2);
  await clock.advance(2_000);
  t.equal(pools.leases().length, 0);
  const [other] = await pools.acquire({});
  await pools.close();
  t.throws(() => pools.renew(other?.id as string, 5), { code: 'shutting_down' });
});
