import type { InjectOptions } from 'fastify';
import t from 'tap';
import { ERROR_CODES, type ErrorCode, NetnsdError } from '../../../src/errors.js';
import { dial, makeApi, serveApi, until } from './serve.js';

const json = { 'content-type': 'application/json' };

const REFUSED: [what: string, request: InjectOptions, code: ErrorCode, detail: RegExp][] = [
  ['an unknown route', { url: '/nowhere' }, 'not_found', /GET \/nowhere/],
  ['a method that a route lacks', { method: 'PUT', url: '/v1/leases' }, 'not_found', /PUT \/v1\/leases/],
  ['an unknown lease', { url: '/v1/leases/none' }, 'lease_not_found', /none/],
  ['an unknown pool', { url: '/v1/pools/none' }, 'pool_not_found', /"none"/],
  [
    'an unknown pool to resize',
    { method: 'PATCH', url: '/v1/pools/none', payload: { max: 1 } },
    'pool_not_found',
    /none/,
  ],
  [
    'an unknown field',
    { method: 'POST', url: '/v1/leases', payload: { poool: 'a' } },
    'bad_request',
    /^body has an unknown field "poool"$/,
  ],
  [
    'an unknown filter',
    { url: '/v1/leases?container=a' },
    'bad_request',
    /^querystring has an unknown field "container"$/,
  ],
  [
    'a field of another type',
    { method: 'POST', url: '/v1/leases', payload: { wait: '1' } },
    'bad_request',
    /^body\/wait must be number$/,
  ],
  [
    'a negative wait',
    { method: 'POST', url: '/v1/leases', payload: { wait: -1 } },
    'bad_request',
    /^body\/wait must be >= 0$/,
  ],
  [
    'a ttl of nothing',
    { method: 'POST', url: '/v1/leases', payload: { ttl: 0 } },
    'bad_request',
    /^body\/ttl must be > 0$/,
  ],
  [
    'a count of none',
    { method: 'POST', url: '/v1/leases', payload: { count: 0 } },
    'bad_request',
    /^body\/count must be >= 1$/,
  ],
  [
    'half an endpoint',
    { method: 'POST', url: '/v1/leases', payload: { count: 1.5 } },
    'bad_request',
    /^body\/count must be integer$/,
  ],
  [
    'an id with a slash',
    { method: 'POST', url: '/v1/leases', payload: { containerId: '../a' } },
    'bad_request',
    /^body\/containerId may have letters, digits and _ \+ \. : @ - only, /,
  ],
  [
    'an id with a line feed at its end',
    { method: 'POST', url: '/v1/leases', payload: { containerId: 'a\n' } },
    'bad_request',
    /containerId/,
  ],
  [
    'an id with a NUL',
    { method: 'POST', url: '/v1/leases', payload: { containerId: 'a\0b' } },
    'bad_request',
    /containerId/,
  ],
  [
    'an id of dots alone',
    { method: 'POST', url: '/v1/leases', payload: { containerId: '..' } },
    'bad_request',
    /containerId/,
  ],
  [
    'an id of 256 characters',
    { method: 'POST', url: '/v1/leases', payload: { containerId: 'a'.repeat(256) } },
    'bad_request',
    /^body\/containerId must not have more than 255/,
  ],
  [
    'a bundle at a relative path',
    { method: 'POST', url: '/v1/oci/patch', payload: { bundle: 'a', containerId: 'b' } },
    'bad_request',
    /^body\/bundle must be an absolute path/,
  ],
  [
    'a bundle without a container',
    { method: 'POST', url: '/v1/oci/patch', payload: { bundle: '/a' } },
    'bad_request',
    /^body lacks the field "containerId"$/,
  ],
  [
    'a change of nothing',
    { method: 'PATCH', url: '/v1/pools/default', payload: {} },
    'bad_request',
    /^body must not have fewer/,
  ],
  [
    'more ready than there may be',
    { method: 'PATCH', url: '/v1/pools/default', payload: { minReady: 101 } },
    'bad_request',
    /min_ready/,
  ],
  ['no body', { method: 'POST', url: '/v1/leases' }, 'bad_request', /^body must be object$/],
  ['a body that is no JSON', { method: 'POST', url: '/v1/leases', headers: json, payload: '{"a"' }, 'bad_request', /./],
  ['an empty body', { method: 'POST', url: '/v1/leases', headers: json, payload: '' }, 'bad_request', /./],
  [
    'a poisoned body',
    { method: 'POST', url: '/v1/leases', headers: json, payload: '{"__proto__":{}}' },
    'bad_request',
    /./,
  ],
  [
    'another media type',
    { method: 'POST', url: '/v1/leases', headers: { 'content-type': 'text/xml' }, payload: '<a/>' },
    'bad_request',
    /Unsupported Media Type/,
  ],
  [
    'a body above 64 KiB',
    { method: 'POST', url: '/v1/leases', headers: json, payload: `{"pool":"${'a'.repeat(65_536)}"}` },
    'body_too_large',
    /65536/,
  ],
  ['a path that is no URL', { url: '/v1/leases/%zz' }, 'bad_request', /%zz/],
  ['a path that is too long', { url: `/v1/leases/${'a'.repeat(1100)}` }, 'bad_request', /max param length/],
];

for (const [what, request, code, detail] of REFUSED) {
  t.test(`${what} is refused with ${code} and says what is wrong`, async (t) => {
    const { app, service, faults } = await makeApi(t);
    const reply = await app.inject(request);
    const { status } = ERROR_CODES[code];
    t.equal(reply.statusCode, status);
    t.equal(reply.headers['content-type'], 'application/problem+json; charset=utf-8');
    const problem = reply.json();
    t.match(problem, { type: `urn:netnsd:error:${code}`, title: ERROR_CODES[code].meaning, status, code });
    t.match(problem.detail, detail);
    t.equal(service.activeLeases.size, 0);
    t.strictSame(faults, []);
  });
}

for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
  if (code === 'internal') continue;
  t.test(`${code} of the service leaves with its status, words and details`, async (t) => {
    const { app, service } = await makeApi(t);
    service.failure = new NetnsdError(code, 'these words', { details: { pool: 'a', errno: 17 } });
    const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
    t.equal(reply.statusCode, ERROR_CODES[code].status);
    t.match(reply.json(), { code, detail: 'these words', details: { pool: 'a', errno: 17 } });
  });
}

t.test('a fault of netnsd is logged and tells the client nothing of it', async (t) => {
  const { app, service, faults } = await makeApi(t);
  const secret = 'cannot read /etc/shadow at line 7';
  for (const failure of [
    new TypeError(secret),
    new NetnsdError('internal', secret),
    Object.assign(new Error(secret), { statusCode: 503 }),
  ]) {
    service.failure = failure;
    const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
    t.equal(reply.statusCode, 500);
    t.equal(reply.json().code, 'internal');
    t.notMatch(reply.body, /shadow|stack|\.ts|\.js/);
    t.equal((faults.pop() as { err: Error }).err, failure);
  }
});

t.test('details that JSON has no word for do not hide the error', async (t) => {
  const { app, service } = await makeApi(t);
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  for (const details of [{ inode: 10n }, cyclic]) {
    service.failure = new NetnsdError('kernel_error', 'these words', { details });
    const reply = await app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
    t.match(reply.json(), { code: 'kernel_error', detail: 'these words' });
  }
});

t.test('what is no HTTP, or has headers without end, gets a problem and loses its connection', async (t) => {
  const { path } = await serveApi(t);
  for (const [sent, status] of [
    ['\x16\x03\x01 hello\r\n\r\n', 400],
    [`GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const { socket, heard } = await dial(t, path);
    socket.write(sent);
    await until('the connection ends', () => socket.destroyed);
    t.match(heard(), new RegExp(`^HTTP/1.1 ${status} `));
    const problem = JSON.parse(heard().split('\r\n\r\n')[1] ?? '');
    t.match(problem, { code: 'bad_request', status });
  }
});
