import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { NetnsdClient } from '../../src/client/index.js';
import { NetnsdError } from '../../src/errors.js';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const HUNDRED = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 100\nmax = 100\n';
const SMALL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 3\nmax = 8\n';

/** A client's view of one acquire: the lease, or the code of the error. */
type Outcome = Lease | string;

async function outcomeOf(asked: Promise<unknown>): Promise<Outcome> {
  try {
    return (await asked) as Lease;
  } catch (error) {
    return error instanceof NetnsdError ? error.code : String(error);
  }
}

function leasesIn(outcomes: readonly Outcome[]): Lease[] {
  return outcomes.filter((outcome): outcome is Lease => typeof outcome !== 'string');
}

function distinct(leases: readonly Lease[], what: (lease: Lease) => unknown): number {
  return new Set(leases.map(what)).size;
}

async function sleeper(t: Test): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
}

const ids = async (daemon: Daemon): Promise<string[]> => (await daemon.leases()).map(({ id }) => id).sort();

t.test('a thousand acquires at once on a pool of a hundred: each its own endpoint or pool_exhausted', async (t) => {
  await using daemon = await startDaemon(t, HUNDRED);
  await using client = new NetnsdClient({ socketPath: daemon.socket, timeoutMs: 300_000 });
  const outcomes = await Promise.all(Array.from({ length: 1000 }, () => outcomeOf(client.acquire())));
  const leases = leasesIn(outcomes);
  const errors = outcomes.filter((outcome) => typeof outcome === 'string');
  t.equal(leases.length, 100, 'every endpoint was given');
  t.same([...new Set(errors)], ['pool_exhausted'], 'and all others were told so');
  t.equal(
    distinct(leases, ({ id }) => id),
    100,
    'no lease twice',
  );
  t.equal(
    distinct(leases, ({ addresses }) => addresses[0]?.address),
    100,
    'no address twice',
  );
  t.equal(
    distinct(leases, ({ netns }) => statSync(netns.path).ino),
    100,
    'no namespace twice, as stat(2) sees them',
  );
  t.match(await daemon.pools(), [{ leased: 100, ready: 0 }]);
});

t.test('a thousand that wait are served in turn as others give back, and no endpoint has two holders', async (t) => {
  await using daemon = await startDaemon(t, HUNDRED);
  await using client = new NetnsdClient({ socketPath: daemon.socket, timeoutMs: 300_000 });
  const held = new Set<number>();
  const twice: string[] = [];
  const outcomes = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const outcome = await outcomeOf(client.acquire({ wait: 100 }));
      if (typeof outcome === 'string') return outcome;
      if (held.has(outcome.netns.inode)) twice.push(outcome.netns.path);
      held.add(outcome.netns.inode);
      await delay(5);
      held.delete(outcome.netns.inode);
      await client.release(outcome.id);
      return outcome;
    }),
  );
  const errors = outcomes.filter((outcome) => typeof outcome === 'string');
  t.same(
    errors.filter((code) => code !== 'pool_exhausted'),
    [],
    'no other error',
  );
  t.equal(errors.length, 0, 'every waiter was served');
  t.same(twice, [], 'no endpoint had two holders at a time');
  t.equal(
    distinct(leasesIn(outcomes), ({ id }) => id),
    1000,
  );
  await eventually('all came back', async () => (await daemon.pools())[0]?.leased === 0);
});

t.test('leases of a process end with it, and those of others stay', async (t) => {
  await using daemon = await startDaemon(t, SMALL);
  const [one, other] = [await sleeper(t), await sleeper(t)];
  const bound = await daemon.acquire('--pid', `${one.pid}`);
  const kept = await daemon.acquire('--pid', `${other.pid}`, '--ttl', '600');
  await using client = new NetnsdClient({ socketPath: daemon.socket });
  const many = await client.acquireMany({ count: 3, pid: one.pid });
  const free = await client.acquire();
  t.equal(bound.process?.pid, one.pid);
  t.match(await daemon.cli('inspect', bound.id), new RegExp(`ends with process +${one.pid}`));
  await delay(300);
  t.same(await ids(daemon), [bound, kept, ...many, free].map(({ id }) => id).sort());
  one.kill('SIGKILL');
  await eventually('its leases are gone', async () => (await daemon.leases()).length === 2);
  t.same(await ids(daemon), [kept.id, free.id].sort());
  await t.rejects(client.acquire({ pid: one.pid }), { code: 'process_gone' });
  await t.rejects(client.acquireMany({ count: 2, pid: one.pid }), { code: 'process_gone' });
  t.equal((await daemon.leases()).length, 2, 'and nothing was leased');
});

t.test('a process that waits for a lease and ends leaves nothing leased', async (t) => {
  await using daemon = await startDaemon(t, SMALL);
  await using client = new NetnsdClient({ socketPath: daemon.socket });
  const all = await client.acquireMany({ count: 8 });
  const one = await sleeper(t);
  const waiting = t.rejects(client.acquire({ pid: one.pid, wait: 60 }), { code: 'process_gone' });
  await delay(200);
  one.kill('SIGKILL');
  await waiting;
  await client.release(all[0]?.id as string);
  await eventually('it came back', async () => (await daemon.pools())[0]?.leased === 7);
});

t.test('a binding outlives the daemon: it is taken up again, or the lease is released', async (t) => {
  await using daemon = await startDaemon(t, SMALL);
  const [lives, ends] = [await sleeper(t), await sleeper(t)];
  const kept = await daemon.acquire('--pid', `${lives.pid}`);
  const lost = await daemon.acquire('--pid', `${ends.pid}`);
  await daemon.stop('SIGKILL');
  ends.kill('SIGKILL');
  await once(ends, 'exit');
  daemon.start();
  await daemon.answers();
  await eventually('what ended is released', async () => (await daemon.leases()).length === 1);
  t.same(await ids(daemon), [kept.id]);
  t.not(kept.id, lost.id);
  await delay(200);
  t.same(await ids(daemon), [kept.id], 'the other one stays');
  lives.kill('SIGKILL');
  await eventually('and ends with its process', async () => (await daemon.leases()).length === 0);
});

t.test('a renewed lease lasts from then on, also over a restart; one that is not renewed ends', async (t) => {
  await using daemon = await startDaemon(t, SMALL);
  const short = await daemon.acquire('--ttl', '15');
  const renewed = await daemon.acquire('--ttl', '300');
  const said = await daemon.cli('renew', renewed.id, '--ttl', '600');
  t.match(said, new RegExp(`^${renewed.id} expires at \\d{4}-`));
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  await eventually('the other one ended', async () => (await daemon.leases()).length === 1);
  t.match(await daemon.leases(), [{ id: renewed.id, expiresAt: said.split(' ').at(-1) }]);
  t.equal((await daemon.send('PATCH', `/v1/leases/${short.id}`, { ttl: 5 })).status, 404);
});

t.test('a daemon that watches processes has no thread more', async (t) => {
  await using daemon = await startDaemon(t, SMALL);
  const threads = () => Number(/^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]);
  const before = threads();
  const children = [await sleeper(t), await sleeper(t), await sleeper(t)];
  for (const { pid } of children) await daemon.acquire('--pid', `${pid}`);
  await delay(500);
  t.equal(threads(), before);
  for (const child of children) child.kill('SIGKILL');
  await eventually('all leases are gone', async () => (await daemon.leases()).length === 0);
});

t.test('addresses go on resting in the next daemon, whatever ended the one before', async (t) => {
  const tight = (seconds: number) =>
    `[pools.default]\nsubnet = "10.213.0.0/29"\nmin_ready = 0\nmax = 5\nrecycle = "replace"\naddress_cooldown_seconds = ${seconds}\n`;
  await using daemon = await startDaemon(t, tight(3600));
  await using client = new NetnsdClient({ socketPath: daemon.socket, timeoutMs: 300_000 });
  const leases = await client.acquireMany({ count: 5 });
  const address = leases[2]?.addresses[0]?.address;
  await client.release(leases[2]?.id as string);
  await eventually('it is gone', async () =>
    (await daemon.pools()).every((pool) => pool.dirty + pool.destroying === 0),
  );
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  const refused = await daemon.send('POST', '/v1/leases', {});
  t.equal(refused.status, 503);
  t.match(refused.body, { code: 'pool_exhausted', detail: /1 are in cooldown, the next for [\d.]+ s more/ });
  // The time counts from the release, so with a shorter cooldown it is over.
  writeFileSync(daemon.configFile, tight(1));
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  const next = await client.acquire({ wait: 120 });
  t.equal(next.addresses[0]?.address, address, 'there was no other');
});
