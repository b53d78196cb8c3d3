import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import t from 'tap';
import { makeApi } from './serve.js';

const KNOWN = [
  'pool',
  'containerId',
  'tenant',
  'count',
  'wait',
  'ttl',
  'bundle',
  'minReady',
  'max',
  '__proto__',
  'constructor',
];
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('default', 'job-1', '/a', '../..', '', '\0', 'a\n', 'ä', '9'.repeat(4096), '-1', 'NaN'),
);
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 1, 2, -0, 1e308, 3600));
const value = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.jsonValue());
const BASES = [{}, { containerId: 'a' }, { bundle: '/a', containerId: 'b' }, { max: 50 }];
const nearlyRight = fc
  .tuple(fc.constantFrom(...BASES), fc.dictionary(fc.constantFrom(...KNOWN), value, { maxKeys: 1 }))
  .map(([base, odd]) => ({ ...base, ...odd }));
const body = fc.oneof(
  nearlyRight,
  fc.dictionary(fc.constantFrom(...KNOWN), value, { noNullPrototype: true }),
  fc.jsonValue(),
);

const ROUTES: [name: string, make: (value: unknown, word: string) => InjectOptions][] = [
  ['POST /v1/leases', (payload) => ({ method: 'POST', url: '/v1/leases', payload: JSON.stringify(payload) })],
  ['POST /v1/oci/patch', (payload) => ({ method: 'POST', url: '/v1/oci/patch', payload: JSON.stringify(payload) })],
  [
    'PATCH /v1/pools/default',
    (payload) => ({ method: 'PATCH', url: '/v1/pools/default', payload: JSON.stringify(payload) }),
  ],
  [
    'PATCH /v1/pools/{name}',
    (_, word) => ({ method: 'PATCH', url: `/v1/pools/${encode(word)}`, payload: '{"max":9}' }),
  ],
  ['GET /v1/leases', (_, word) => ({ method: 'GET', url: `/v1/leases?containerId=${encode(word)}&tenant=a` })],
  ['GET /v1/leases with any query', (_, word) => ({ method: 'GET', url: `/v1/leases?${encode(word)}` })],
  ['GET /v1/leases/{id}', (_, word) => ({ method: 'GET', url: `/v1/leases/${encode(word)}` })],
  ['GET /v1/pools/{name}', (_, word) => ({ method: 'GET', url: `/v1/pools/${encode(word)}` })],
  ['DELETE /v1/leases/{id}', (_, word) => ({ method: 'DELETE', url: `/v1/leases/${encode(word)}` })],
  [
    'DELETE /v1/containers/{id}/lease',
    (_, word) => ({ method: 'DELETE', url: `/v1/containers/${encode(word)}/lease` }),
  ],
];

for (const [name, make] of ROUTES) {
  t.test(`${name} takes or refuses whatever it is sent, and never fails`, async (t) => {
    const { app, faults } = await makeApi(t);
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(body, text, async (value, word) => {
        const { payload, ...rest } = make(value, word);
        const headers = { 'content-type': 'application/json' };
        const reply = await app.inject(payload === undefined ? rest : { ...rest, payload, headers });
        seen.add(reply.statusCode);
        // At its max the pool says so; that is an answer, not a failure.
        if (reply.statusCode >= 500) return reply.json().code === 'pool_exhausted';
        if (reply.statusCode < 400) return true;
        return reply.json().status === reply.statusCode && typeof reply.json().detail === 'string';
      }),
      { numRuns: 300 },
    );
    t.ok(seen.size > 1, `both ways were tried: ${[...seen].sort().join(', ')}`);
    t.strictSame(faults, []);
  });
}

function encode(word: string): string {
  return encodeURIComponent(word);
}
