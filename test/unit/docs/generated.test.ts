import { spawnSync } from 'node:child_process';
import t from 'tap';
import { Value } from 'typebox/value';
import { createApi } from '../../../src/api/index.js';
import { LeaseSchema } from '../../../src/api/schemas/index.js';
import { renderKeyTable } from '../../../src/config/index.js';
import { parseConfig } from '../../../src/config/read.js';
import { ERROR_CODES } from '../../../src/errors.js';
import type { Lease, PoolService } from '../../../src/pool/index.js';
import { ENDPOINT_STATES } from '../../../src/pool/index.js';
import { block, fenced, readPage, rowsOf, TOP, uncoded } from './markdown.js';

const REFERENCE = readPage('docs/reference.md');

t.test('the configuration table is that of the keys', async (t) => {
  t.equal(block(REFERENCE, 'configuration'), renderKeyTable());
});

t.test('the example of a configuration is one', async (t) => {
  const [source] = fenced(block(REFERENCE, 'example'), 'toml');
  const config = parseConfig({ source: source ?? '', file: 'docs/reference.md' });
  t.same(
    config.pools.map(({ name }) => name),
    ['default', 'batch'],
  );
});

t.test('the error table is the registry', async (t) => {
  const rows = rowsOf(block(REFERENCE, 'errors')).map(([code = '', status, meaning]) => [
    uncoded(code),
    { status: Number(status), meaning },
  ]);
  t.same(Object.fromEntries(rows), ERROR_CODES);
  t.equal(rows.length, Object.keys(ERROR_CODES).length, 'no code twice');
});

t.test('the API table has every route of the OpenAPI document, and no other', async (t) => {
  const app = await createApi({
    service: { leases: () => [] as Lease[] } as unknown as PoolService,
    log: { debug() {}, info() {}, error() {} },
    version: '0',
    startedAt: 0,
    patchBundle: async () => ({ action: 'passthrough' as const }),
    dnsFiles: () => ({ hosts: '/nowhere', resolvConf: null }),
    reconcile: async () => ({ findings: [], endpoints: 0, tookMs: 0 }),
    graftContainer: async () => ({ action: 'passthrough' }),
  });
  t.teardown(() => app.close());
  const response = await app.inject({ method: 'GET', url: '/openapi.json' });
  const { paths } = response.json<{ paths: Record<string, Record<string, unknown>> }>();
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const documented = rowsOf(block(REFERENCE, 'api')).map(([route = '']) => uncoded(route));
  t.ok(routes.length > 10);
  t.same(documented.sort(), routes.filter((route) => !route.startsWith('HEAD ')).sort());
});

t.test('the lease that the reference shows has the shape of the contract', async (t) => {
  const [lease] = fenced(REFERENCE, 'json').map((text) => JSON.parse(text));
  t.same([...Value.Errors(LeaseSchema, lease)], []);
  t.same(Object.keys(lease), LeaseSchema.required, 'with nothing left out or added');
});

t.test('the state diagram has the states that there are', async (t) => {
  const [diagram = ''] = fenced(readPage('docs/architecture.md'), 'mermaid');
  const states = [...diagram.matchAll(/^\s+(\S+) --> ([^\s:]+):/gm)].flatMap(([, from, to]) => [from, to]);
  t.same([...new Set(states)].filter((state) => state !== '[*]').sort(), [...ENDPOINT_STATES].sort());
});

t.test('npm run docs would change nothing', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['native-scripts/docs.mjs', '--check'], {
    cwd: TOP,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
});
