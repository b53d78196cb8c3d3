import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import { makeLease } from '../api/fake-service.js';
import { until } from '../api/serve.js';
import { open } from './stage.js';

t.test('leases are acquired, found and released', async (t) => {
  const { client, service } = await open(t);
  const lease = await client.acquire({ containerId: 'job+1@a', tenant: 'acme', ttl: 60 });
  t.strictSame(lease, service.lease(lease.id));
  t.strictSame(await client.acquire({ containerId: 'job+1@a', tenant: 'acme' }), lease);
  const many = await client.acquireMany({ count: 3, wait: 1 });
  t.equal(many.length, 3);
  t.equal((await client.leases()).length, 4);
  t.strictSame(await client.leases({ containerId: 'job+1@a', pool: undefined }), [lease]);
  t.strictSame(await client.lease(lease.id), lease);
  await client.release(lease.id);
  await client.release(lease.id);
  await t.rejects(client.lease(lease.id), { code: 'lease_not_found' });
  await client.acquire({ containerId: 'job-2' });
  await client.releaseContainer('job-2');
  t.equal(service.activeLeases.size, 3);
});

t.test('a lease is renewed, and one that is bound says with what it ends', async (t) => {
  const { client, service } = await open(t);
  const lease = await client.acquire({ pid: 4711 });
  t.match(service.requests[0], { pid: 4711 });
  const { expiresAt } = await client.renew(lease.id, { ttl: 600 });
  t.equal(expiresAt, service.lease(lease.id)?.expiresAt);
  t.ok(Math.abs(Date.parse(expiresAt ?? '') - Date.now() - 600_000) < 120_000);
  await t.rejects(client.renew('0123456789abcdef', { ttl: 600 }), { code: 'lease_not_found' });
  await t.rejects(client.renew(lease.id, { ttl: 0 }), { code: 'bad_request' });
  const process = { pid: 4711, startTicks: 12 };
  service.activeLeases.set('bound', makeLease(77, { process }));
  t.strictSame((await client.lease('bound')).process, process);
});

t.test('pools, status, health and metrics are read, and pools resized', async (t) => {
  const { client, service } = await open(t);
  t.strictSame(await client.pools(), service.status());
  t.strictSame(await client.pool('default'), service.poolStatus('default'));
  const endpoint = { id: 'default-1', pool: 'default', state: 'gone' as const, tenant: null, lease: null };
  service.endpoints.set('default-1', { ...endpoint, reason: 'surplus', events: [] });
  t.strictSame(await client.endpoint('default-1'), service.endpoint('default-1'));
  await t.rejects(client.endpoint('../x?y'), { code: 'endpoint_not_found' });
  t.match(await client.resizePool('default', { minReady: 7 }), { minReady: 7, max: 100 });
  t.match(await client.status(), { version: '1.2.3', pid: process.pid, pools: [{ name: 'default' }] });
  t.equal(await client.health(), undefined);
  t.match(await client.metrics(), /netnsd_min_ready\{pool="default"\} 7/);
});

t.test('a bundle is patched', async (t) => {
  const lease = makeLease(1);
  const { client } = await open(t, { patchBundle: async () => ({ action: 'patched', lease }) });
  t.strictSame(await client.patchBundle({ bundle: '/b', containerId: 'a' }), { action: 'patched', lease });
});

t.test("the daemon's problems come out as the errors that they were", async (t) => {
  const { client, service } = await open(t);
  service.failure = new NetnsdError('pool_exhausted', 'no endpoint left', { details: { pool: 'default', max: 4 } });
  const error = await client.acquire().catch((error: unknown) => error);
  t.ok(error instanceof NetnsdError);
  t.match(error, { code: 'pool_exhausted', message: 'no endpoint left', details: { pool: 'default', max: 4 } });
  await t.rejects(client.acquire({ containerId: 'a/b' }), { code: 'bad_request', message: /containerId/ });
  await t.rejects(client.pool('../x?y'), { code: 'pool_not_found' });
});

t.test('events are iterated, and the stream ends with the loop', async (t) => {
  const { client, service } = await open(t, { heartbeatMs: 5 });
  const sending = setInterval(() => service.emit({ type: 'leased', containerId: 'jäb\n' }), 10);
  t.teardown(() => clearInterval(sending));
  let seen = 0;
  for await (const event of client.events()) {
    t.match(event, { type: 'leased', containerId: 'jäb\n' });
    if (++seen === 3) break;
  }
  await until('the daemon sees it', () => service.listeners.size === 0);
});

t.test('events end with the daemon, and with their signal', async (t) => {
  const { app, client, service } = await open(t);
  const signal = AbortSignal.timeout(50);
  await t.rejects(client.events({ signal }).next(), { name: 'TimeoutError' });
  const next = client.events().next();
  await until('the stream is open', () => service.listeners.size === 1);
  await app.close();
  t.strictSame(await next, { done: true, value: undefined });
});

t.test('an acquire that is aborted throws the reason, and holds nothing', async (t) => {
  const { client, service } = await open(t);
  service.hold();
  const stop = new AbortController();
  const acquiring = client.acquire({ wait: 60 }, { signal: stop.signal });
  await until('the acquire is under way', () => service.requests.length === 1);
  stop.abort(new Error('changed my mind'));
  await t.rejects(acquiring, { message: 'changed my mind' });
  await until('the daemon sees it', () => service.requests[0]?.signal?.aborted === true);
});
