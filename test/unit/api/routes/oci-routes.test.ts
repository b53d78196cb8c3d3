import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ApiGraft } from '../../../../src/api/schemas/index.js';
import { NetnsdError } from '../../../../src/errors.js';
import type { Lease } from '../../../../src/pool/index.js';
import { apiWorld, eventually, RawClient, servedWorld } from '../fixture.js';

const BODY = { bundle: '/run/b', containerId: 'c1', pid: 4711 };
const GRAFT = { inode: 4026530000, pid: 4711 };

t.test('a graft is asked for as the hook asks, and answered with the lease', async (t) => {
  const asked: ApiGraft[] = [];
  const { app, pools } = await apiWorld(t, {
    graftContainer: async (request) => {
      asked.push(request);
      const [lease] = (await pools.acquire({ containerId: request.containerId })) as [Lease];
      pools.markGrafted(lease.id, GRAFT);
      return { action: 'grafted', existing: false, lease: lease as never };
    },
  });
  const reply = await app.inject({
    method: 'POST',
    url: '/v1/oci/graft',
    headers: { 'netnsd-runtime-root': encodeURIComponent('/run/b') },
    payload: { ...BODY, pool: 'default', tenant: 'blue' },
  });
  t.equal(reply.statusCode, 200);
  t.match(reply.json(), { action: 'grafted', existing: false, lease: { pool: 'default', graft: GRAFT } });
  t.match(asked, [{ ...BODY, containerId: /^c1@[0-9a-f]{8}$/, pool: 'default', tenant: 'blue' }]);
  const { leases } = (await app.inject('/v1/leases')).json<{ leases: Lease[] }>();
  t.strictSame(leases[0]?.graft, GRAFT);
});

t.test('what a graft cannot be asked with is refused, with the name of the field', async (t) => {
  const { app } = await apiWorld(t);
  const cases: [object, RegExp][] = [
    [{ pid: 0 }, /pid/],
    [{ pid: -1 }, /pid/],
    [{ pid: 1.5 }, /pid/],
    [{ pid: 4_194_305 }, /pid/],
    [{ pid: '1' }, /pid/],
    [{ bundle: 'b' }, /bundle/],
    [{ bundle: '/b\u0000' }, /bundle/],
    [{ containerId: 'a/b' }, /containerId/],
    [{ netns: '/proc/1/ns/net' }, /netns/],
  ];
  for (const [change, field] of cases) {
    const reply = await app.inject({ method: 'POST', url: '/v1/oci/graft', payload: { ...BODY, ...change } });
    t.equal(reply.statusCode, 400, JSON.stringify(change));
    t.match(reply.json(), { code: 'bad_request', detail: field });
  }
});

t.test('a refusal has a status by which the hook tells it from a failure', async (t) => {
  for (const [code, status] of [
    ['graft_refused', 409],
    ['graft_failed', 500],
    ['pool_exhausted', 503],
  ] as const) {
    const { app } = await apiWorld(t, {
      graftContainer: async () => {
        throw new NetnsdError(code, 'why');
      },
    });
    const reply = await app.inject({ method: 'POST', url: '/v1/oci/graft', payload: BODY });
    t.strictSame([reply.statusCode, reply.json<{ code: string }>().code], [status, code]);
  }
});

t.test('a hook that has gone before its answer holds nothing', async (t) => {
  let proceed = (): void => {};
  const begun = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  let aborted = false;
  const { pools, path } = await servedWorld(t, {
    graftContainer: async ({ containerId, signal }) => {
      const [lease] = (await pools.acquire({ containerId })) as [Lease];
      pools.markGrafted(lease.id, GRAFT);
      signal.addEventListener('abort', () => {
        aborted = true;
        proceed();
      });
      await begun;
      return { action: 'grafted', existing: false, lease: lease as never };
    },
  });
  const client = await RawClient.open(t, path);
  client.post('/v1/oci/graft', BODY);
  await eventually(() => pools.leases({}).length === 1);
  client.socket.destroy();
  await eventually(() => aborted && pools.leases({}).length === 0);
  t.pass('the lease went back');
});

t.test("a lease's files are asked for by its id", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-api-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const asked: unknown[] = [];
  const { app } = await apiWorld(t, {
    dnsFiles: (...names) => {
      asked.push(names);
      return { hosts: `${folder}/hosts`, resolvConf: null };
    },
  });
  const put = (payload: object) => app.inject({ method: 'PUT', url: '/v1/leases/5f3a9c0d1e2b4a68/dns-files', payload });
  t.strictSame((await put({ hostname: 'web-1' })).json(), { hosts: `${folder}/hosts`, resolvConf: null });
  await put({});
  t.strictSame(asked, [
    ['5f3a9c0d1e2b4a68', 'web-1'],
    ['5f3a9c0d1e2b4a68', undefined],
  ]);
  for (const hostname of ['', 'two words', 'a\n127.0.0.1 evil', '-x', 'x'.repeat(254)])
    t.equal((await put({ hostname })).statusCode, 400, JSON.stringify(hostname));
});
