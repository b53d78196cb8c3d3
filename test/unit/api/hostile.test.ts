import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import t from 'tap';
import { apiWorld, RawClient, requestHead, servedWorld } from './fixture.js';

t.test('a body that comes a byte at a time has no more time than any other', async (t) => {
  const { path } = await servedWorld(t, { requestTimeoutMs: 200 });
  const client = await RawClient.open(t, path);
  client.socket.write(`${requestHead('POST', '/v1/leases')}Content-Length: 60000\r\n\r\n`);
  const drip = setInterval(() => client.socket.write(' '), 10);
  await client.closed;
  clearInterval(drip);
  t.match(client.received, /was not received in time/);
});

t.test(
  'a body of 100 MB is refused when it is announced, and ends its connection when it comes nevertheless',
  async (t) => {
    const { path, app } = await servedWorld(t);
    const announced = await RawClient.open(t, path);
    announced.socket.write(`${requestHead('POST', '/v1/leases')}Content-Length: 104857600\r\n\r\n`);
    await announced.closed;
    t.match(announced.received, /^HTTP\/1\.1 413 .*"code":"body_too_large"/s);
    for (const framing of ['Content-Length: 104857600\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n6400000\r\n']) {
      const client = await RawClient.open(t, path);
      client.socket.write(requestHead('POST', '/v1/leases') + framing);
      const part = Buffer.alloc(1 << 16, 0x20);
      let sent = 0;
      while (!client.socket.destroyed && sent < 100 << 20) {
        sent += part.length;
        client.socket.write(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.closed;
      t.ok(sent < 10 << 20, `${framing.slice(0, 17)}: ended after ${sent} bytes`);
    }
    t.match(await app.inject('/healthz'), { statusCode: 200 });
  },
);

t.test('what Node.js would answer without a body is answered by a problem document', async (t) => {
  const { path } = await servedWorld(t);
  for (const [head, status] of [
    ['CONNECT example:1 HTTP/1.1\r\nHost: n\r\n\r\n', 400],
    ['POST /v1/leases HTTP/1.1\r\nHost: n\r\nExpect: foo\r\nContent-Length: 2\r\n\r\n', 417],
  ] as const) {
    const client = await RawClient.open(t, path);
    client.socket.write(head);
    await client.closed;
    t.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} .*application/problem\\+json.*"status":${status}`, 's'));
  }
  const plain = await RawClient.open(t, path);
  plain.socket.write('GET /healthz HTTP/1.1\r\n\r\n');
  await plain.until((received) => received.includes('"status":"ok"'));
});

t.test('a hundred pipelined requests are answered in their order', async (t) => {
  const { path, pools } = await servedWorld(t, {
    pools: [{ minReady: 100, max: 100, capacity: 100, buildBatch: 100 }],
  });
  const client = await RawClient.open(t, path);
  const body = (position: number) => JSON.stringify({ containerId: `c${position}` });
  const text = Array.from({ length: 100 }, (_, position) => {
    return `${requestHead('POST', '/v1/leases')}Content-Length: ${body(position).length}\r\n\r\n${body(position)}`;
  });
  client.socket.write(text.join(''));
  await client.until((received) => received.includes('"c99"'));
  const order = [...client.received.matchAll(/"containerId":"c(\d+)"/g)].map(([, position]) => Number(position));
  t.same(
    order,
    Array.from({ length: 100 }, (_, position) => position),
  );
  t.equal(pools.leases().length, 100, 'and all that was told stands');
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '../..',
    '/',
    '//',
    '\0',
    'a\0b',
    'a\nb',
    '%',
    '%00',
    '%2f',
    'x'.repeat(4096),
    'ü'.repeat(4096),
  ),
  fc.constantFrom('default', 'c1', '__proto__', 'constructor', 'toString', 'null', '-1', '1e999'),
);
const value = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }));
const key = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('pool', 'containerId', 'tenant', 'count', 'wait', 'ttl', 'bundle', 'minReady', 'max'),
  },
  { weight: 1, arbitrary: text },
);
const body = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.dictionary(key, value, { maxKeys: 4 }).map((object) => JSON.stringify({ ...object, wait: 0 })),
  },
  { weight: 5, arbitrary: fc.dictionary(key, value, { maxKeys: 4 }).map((object) => JSON.stringify(object)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: text },
);
const path = fc.oneof(
  fc.constantFrom('/v1/leases', '/v1/pools/default', '/v1/oci/patch', '/v1/pools'),
  fc
    .tuple(fc.constantFrom('/v1/leases/', '/v1/pools/', '/v1/containers/', '/'), text, fc.constantFrom('', '/lease'))
    .map(([a, b, c]) => `${a}${escaped(b)}${c}`),
  fc.tuple(key, text).map(([name, wanted]) => `/v1/leases?${escaped(name)}=${escaped(wanted)}`),
);
const escaped = (raw: string) => encodeURIComponent(Buffer.from(raw).toString());

t.test('no path and no body makes the daemon fail', async (t) => {
  const { app, faults, clock, pools } = await apiWorld(t, { pools: [{ minReady: 2, max: 4 }] });
  const method = fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS' as const);
  const type = fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/xml',
    'x',
  );
  await fc.assert(
    fc.asyncProperty(method, path, body, type, async (method, url, payload, type) => {
      const request = { method, url, headers: { 'content-type': type }, payload } as InjectOptions;
      const asked = app.inject(request);
      await clock.advance(3_600_000);
      const answer = await asked;
      // An empty pool is no fault; everything else of the 5xx is.
      const exhausted = answer.statusCode === 503 && answer.json().code === 'pool_exhausted';
      if (answer.statusCode >= 500 && !exhausted) throw new Error(`${answer.statusCode} ${answer.body}`);
      if (answer.statusCode >= 400 && method !== 'HEAD') {
        const problem = answer.json();
        if (problem.status !== answer.statusCode || !problem.code || !problem.detail) throw new Error(answer.body);
      }
    }),
    { numRuns: 600 },
  );
  t.same(faults, []);
  t.match(pools.status(), [{ name: 'default', broken: 0, lastError: null }]);
});

t.test('a HEAD of the events, which would have no end, is not there', { timeout: 300_000 }, async (t) => {
  const { app } = await apiWorld(t);
  t.match(await app.inject({ method: 'HEAD', url: '/v1/events' }), { statusCode: 404 });
});
