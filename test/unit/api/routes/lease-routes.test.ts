import t from 'tap';
import type { ApiLease } from '../../../../src/api/schemas/index.js';
import type { Lease } from '../../../../src/pool/types.js';
import { FakeService, makeLease } from '../fake-service.js';
import { dial, makeApi, post, serveApi, until } from '../serve.js';

t.test('an acquire answers 201 with the lease of the contract, whole', async (t) => {
  const { app, service, logged } = await makeApi(t);
  const payload = { containerId: 'job-1', tenant: 'acme', wait: 1.5, ttl: 60 };
  const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload });
  t.equal(reply.statusCode, 201);
  t.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
  const lease = reply.json<ApiLease>();
  t.strictSame(lease, service.lease(lease.id), 'nothing is lost in the compiled serialiser');
  t.type(lease.expiresAt, 'string');
  const { signal, ...request } = service.requests[0] ?? {};
  t.match(signal, { aborted: false });
  t.match(request, { containerId: 'job-1', tenant: 'acme', waitSeconds: 1.5, ttlSeconds: 60 });
  t.strictSame(
    logged.map(({ message }) => message),
    ['leased'],
    'one line a lease',
  );
});

t.test('a lease is bound to a process by number, and PATCH renews it', async (t) => {
  const { app, service } = await makeApi(t);
  const acquired = await app.inject({ method: 'POST', url: '/v1/leases', payload: { pid: 4711 } });
  t.match(service.requests[0], { pid: 4711 });
  const url = `/v1/leases/${acquired.json<ApiLease>().id}`;
  const renewed = await app.inject({ method: 'PATCH', url, payload: { ttl: 60 } });
  t.equal(renewed.statusCode, 200);
  t.strictSame(renewed.json(), service.lease(acquired.json<ApiLease>().id));
  for (const payload of [{}, { ttl: 0 }, { ttl: -1 }, { ttl: '60' }, { ttl: 60, pid: 1 }, { ttl: 4e7 }])
    t.equal((await app.inject({ method: 'PATCH', url, payload })).statusCode, 400, JSON.stringify(payload));
  for (const pid of [0, -1, 1.5, '1', 4_194_305])
    t.equal((await app.inject({ method: 'POST', url: '/v1/leases', payload: { pid } })).statusCode, 400, `pid ${pid}`);
  t.equal((await app.inject({ method: 'PATCH', url: '/v1/leases/x', payload: { ttl: 1 } })).statusCode, 404);
});

t.test('an empty object leases one endpoint of the default pool, without a container', async (t) => {
  const { app } = await makeApi(t);
  const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
  t.equal(reply.statusCode, 201);
  t.match(reply.json(), { pool: 'default', containerId: null, tenant: 'default', expiresAt: null });
});

t.test('the same container again gets the lease that stands, with 200', async (t) => {
  const { app } = await makeApi(t);
  const acquire = () => app.inject({ method: 'POST', url: '/v1/leases', payload: { containerId: 'job-1' } });
  const first = await acquire();
  const second = await acquire();
  t.equal(first.statusCode, 201);
  t.equal(second.statusCode, 200);
  t.equal(first.body, second.body);
});

t.test('a lease that outlived a restart is not new either', async (t) => {
  const service = new FakeService();
  // Acquired by a clock that was ahead.
  const old = makeLease(99, { containerId: 'job-9', acquiredAt: '2999-01-01T00:00:00.000Z' });
  service.activeLeases.set(old.id, old);
  const { app } = await makeApi(t, { service });
  const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: { containerId: 'job-9' } });
  t.equal(reply.statusCode, 200);
  t.equal(reply.json<Lease>().id, old.id);
});

t.test('with a count the answer is a list, also for a count of one', async (t) => {
  const { app } = await makeApi(t);
  for (const count of [1, 3]) {
    const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: { count } });
    t.equal(reply.statusCode, 201);
    t.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    const { leases } = reply.json<{ leases: ApiLease[] }>();
    t.equal(new Set(leases.map(({ id }) => id)).size, count);
  }
});

t.test('leases are listed, filtered and shown one by one', async (t) => {
  const { app, service } = await makeApi(t);
  const get = async (url: string) => (await app.inject(url)).json();
  await service.acquire({ containerId: 'a', tenant: 'acme' });
  await service.acquire({ containerId: 'b', tenant: 'other' });
  t.equal((await get('/v1/leases')).leases.length, 2);
  t.match(await get('/v1/leases?tenant=acme'), { leases: [{ containerId: 'a' }] });
  t.match(await get('/v1/leases?containerId=b&pool=default'), { leases: [{ containerId: 'b' }] });
  t.strictSame(await get('/v1/leases?containerId=c'), { leases: [] });
  const [lease] = service.leases({ containerId: 'a' });
  t.strictSame(await get(`/v1/leases/${lease?.id}`), lease);
});

t.test('a release answers 204, and again, and for what never was', async (t) => {
  const { app, service, logged } = await makeApi(t);
  const [lease] = await service.acquire({});
  for (const id of [lease?.id, lease?.id, 'never-was']) {
    const reply = await app.inject({ method: 'DELETE', url: `/v1/leases/${id}` });
    t.equal(reply.statusCode, 204);
    t.equal(reply.body, '');
  }
  t.equal(service.activeLeases.size, 0);
  t.equal(logged.length, 1, 'only the one that did something is logged');
});

t.test("a container's leases are released by its id", async (t) => {
  const { app, service } = await makeApi(t);
  await service.acquire({ containerId: 'job-1' });
  await service.acquire({ containerId: 'job-2' });
  for (let i = 0; i < 2; i += 1) {
    const reply = await app.inject({ method: 'DELETE', url: '/v1/containers/job-1/lease' });
    t.equal(reply.statusCode, 204);
  }
  t.strictSame(
    service.leases({}).map(({ containerId }) => containerId),
    ['job-2'],
  );
});

t.test('what runc takes for an id is one here too, in a body and in a path', async (t) => {
  const { app, service } = await makeApi(t);
  for (const id of ['_job', '+1', '.hidden', '..a', 'a.b_c+d-e', 'j'.repeat(255)]) {
    const made = await app.inject({ method: 'POST', url: '/v1/leases', payload: { containerId: id } });
    t.equal(made.statusCode, 201, id);
    const url = `/v1/containers/${encodeURIComponent(id)}/lease`;
    t.equal((await app.inject({ method: 'DELETE', url })).statusCode, 204, id);
    t.strictSame(service.leases({}), []);
  }
});

t.test(
  'a lease is found and released by every key that a container can have, a runtime root of its own included',
  async (t) => {
    const { app } = await makeApi(t);
    const key = `${'j'.repeat(255)}@0123abcd`;
    for (const [id, found, released] of [
      [key, 200, 204],
      [`${key}e`, 400, 400],
    ] as const) {
      t.equal((await app.inject({ url: `/v1/leases?containerId=${encodeURIComponent(id)}` })).statusCode, found);
      const url = `/v1/containers/${encodeURIComponent(id)}/lease`;
      t.equal((await app.inject({ method: 'DELETE', url })).statusCode, released);
    }
  },
);

t.test('who asked is found out once a connection, and logged with each lease', async (t) => {
  let asked = 0;
  const { path, logged } = await serveApi(t, {
    peerOf: () => {
      asked += 1;
      return { pid: 4711, uid: 1000, gid: 100 };
    },
  });
  const { socket, heard } = await dial(t, path);
  for (const containerId of ['one', 'two', 'one']) {
    socket.write(post('/v1/leases', { containerId }));
    await until('the lease came', () => heard().endsWith('}'));
  }
  await until('all are logged', () => logged.length === 3);
  t.equal(asked, 1);
  t.match(
    logged.map(({ details, message }) => ({ ...details, message })),
    [
      { message: 'leased', containerId: 'one', pid: 4711, uid: 1000, gid: 100, lease: /^[0-9a-f]{16}$/ },
      { message: 'leased', containerId: 'two', pid: 4711, uid: 1000, gid: 100 },
      { message: 'already leased', containerId: 'one', pid: 4711 },
    ],
  );
});

t.test('a lease by way of a bundle is logged as well', async (t) => {
  const lease = makeLease(7, { containerId: 'job-7' });
  const { app, logged } = await makeApi(t, { patchBundle: async () => ({ action: 'patched', lease }) });
  await app.inject({ method: 'POST', url: '/v1/oci/patch', payload: { bundle: '/b', containerId: 'job-7' } });
  // After the answer, which a container waits for.
  await new Promise((resolve) => setImmediate(resolve));
  t.match(logged, [{ message: 'leased', details: { lease: lease.id, containerId: 'job-7' } }]);
});
