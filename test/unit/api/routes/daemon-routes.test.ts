import t from 'tap';
import type { ApiPatchBundle } from '../../../../src/api/schemas/index.js';
import { makeLease } from '../fake-service.js';
import { makeApi } from '../serve.js';

t.test('status says version, pid, uptime and every pool', async (t) => {
  const { app, service } = await makeApi(t);
  const status = (await app.inject('/v1/status')).json();
  t.match(status, { version: '1.2.3', pid: process.pid });
  t.ok(status.uptimeSeconds >= 5 && status.uptimeSeconds < 60, 'from the time that was handed in');
  t.strictSame(status.pools, service.status());
  t.strictSame(status.warnings, []);
});

t.test('health is one word', async (t) => {
  const { app } = await makeApi(t);
  t.strictSame((await app.inject('/healthz')).json(), { status: 'ok' });
});

t.test('pools are listed, shown and resized', async (t) => {
  const { app, service } = await makeApi(t);
  t.strictSame((await app.inject('/v1/pools')).json(), { pools: service.status() });
  t.strictSame((await app.inject('/v1/pools/default')).json(), service.poolStatus('default'));
  const reply = await app.inject({ method: 'PATCH', url: '/v1/pools/default', payload: { minReady: 20 } });
  t.equal(reply.statusCode, 200);
  t.match(reply.json(), { minReady: 20, max: 100 });
  t.match(service.poolStatus('default'), { minReady: 20, max: 100 });
});

t.test('a pool is shown with its settings, and its size as it is now', async (t) => {
  const settings = { subnet: '10.9.0.0/24', min_ready: 1, max: 2, publish: ['53/udp'] };
  const { app } = await makeApi(t, { settingsOf: (name) => (name === 'default' ? settings : undefined) });
  t.strictSame((await app.inject('/v1/pools/default')).json().settings, { ...settings, min_ready: 10, max: 100 });
});

t.test('oci patch hands the request over and answers with what was done', async (t) => {
  const seen: (ApiPatchBundle & { signal: AbortSignal })[] = [];
  const lease = makeLease(7, { containerId: 'job-7' });
  const { app, service } = await makeApi(t, {
    patchBundle: async (request) => {
      seen.push(request);
      return request.pool === undefined ? { action: 'patched', lease } : { action: 'passthrough', reason: 'skip' };
    },
  });
  const payload = { bundle: '/run/bundles/job 7', containerId: 'job-7', tenant: 'acme', wait: 1 };
  const patched = await app.inject({ method: 'POST', url: '/v1/oci/patch', payload });
  t.equal(patched.statusCode, 200);
  t.strictSame(patched.json(), { action: 'patched', lease });
  const { signal, ...request } = seen[0] as ApiPatchBundle & { signal: AbortSignal };
  t.strictSame(request, { ...payload, peer: null }, 'the peer is not known in this test');
  t.equal(signal.aborted, false);
  const skipped = await app.inject({ method: 'POST', url: '/v1/oci/patch', payload: { ...payload, pool: 'web' } });
  t.strictSame(skipped.json(), { action: 'passthrough', reason: 'skip' });
  t.strictSame(service.released, []);
});

t.test('metrics show pools by state, counters, the duration of acquires and the process', async (t) => {
  const { app } = await makeApi(t);
  for (let i = 0; i < 3; i += 1) await app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
  const reply = await app.inject('/metrics');
  t.match(reply.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const lines = reply.body.split('\n');
  for (const line of [
    'netnsd_endpoints{pool="default",state="leased"} 3',
    'netnsd_endpoints{pool="default",state="ready"} 90',
    'netnsd_min_ready{pool="default"} 10',
    'netnsd_max{pool="default"} 100',
    'netnsd_acquired_warm_total{pool="default"} 3',
    'netnsd_acquired_cold_total{pool="default"} 3',
    'netnsd_released_total{pool="default"} 0',
    'netnsd_build_failures_total{pool="default"} 4',
    '# TYPE netnsd_acquire_seconds histogram',
    'netnsd_acquire_seconds_bucket{le="5"} 3',
    'netnsd_acquire_seconds_bucket{le="+Inf"} 3',
    'netnsd_acquire_seconds_count 3',
  ])
    t.ok(lines.includes(line), line);
  t.match(reply.body, /^process_resident_memory_bytes \d+/m);
  t.match(reply.body, /^netnsd_acquire_seconds_bucket\{le="0\.00005"\} \d$/m);
  t.equal(
    (await app.inject('/metrics')).body.match(/^netnsd_acquired_warm_total.* 3$/gm)?.length,
    1,
    'a second look does not count twice',
  );
});
