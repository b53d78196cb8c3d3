import t from 'tap';
import { closeApi } from '../../../src/api/index.js';
import { readShortcut } from '../../../src/api/shortcut-text.js';
import { NetnsdError } from '../../../src/errors.js';
import { makeLease } from './fake-service.js';
import { dial, serveApi, until } from './serve.js';

const AGENT = 'Host: netnsd\r\nUser-Agent: netnsd-runc\r\nAccept: application/json\r\n';
const ASKED = { bundle: '/run/bundles/c1', containerId: 'c1', pool: 'default' };

/** What netnsd-runc writes; `by` another agent asks the same of Node's server. */
function patch(body: object | string = ASKED, { root = '', agent = AGENT } = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const head = `POST /v1/oci/patch HTTP/1.1\r\n${agent}${root === '' ? '' : `Netnsd-Runtime-Root: ${root}\r\n`}`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const release = (id = 'c1', query = '?force=true') =>
  `DELETE /v1/containers/${id}/lease${query} HTTP/1.1\r\n${AGENT}\r\n`;

/** An API whose every bundle is patched with the lease of its container. */
async function served(t: Test, options: Parameters<typeof serveApi>[1] = {}) {
  const world = await serveApi(t, {
    patchBundle: async ({ signal, containerId }) => {
      const [lease] = await world.service.acquire({ containerId, signal });
      return { action: 'patched', existing: false, lease: lease as never };
    },
    ...options,
  });
  return world;
}
type Test = Parameters<typeof serveApi>[0];

/** The body, and the head without what differs by nature: a date, how long a connection is kept. */
const answer = (text: string) => {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: head.split('\r\n')[0], type: /content-type: (.*)/i.exec(head)?.[1], body };
};

t.test('what netnsd-runc asks is answered as anybody else would be', async (t) => {
  const asked: object[] = [];
  const lease = makeLease(1);
  const { path } = await served(t, {
    patchBundle: async ({ signal, ...request }) => {
      asked.push({ ...request, aborted: signal.aborted });
      return { action: 'patched', existing: false, lease: lease as never };
    },
  });
  const answers: object[] = [];
  for (const agent of [AGENT, 'Host: other\r\n']) {
    const { socket, heard } = await dial(t, path);
    socket.write(patch(ASKED, { agent, root: '%2Frun%2Fruncs' }));
    await until('the answer', () => heard().endsWith('}'));
    answers.push(answer(heard()));
  }
  t.same(answers[0], answers[1]);
  t.match(answers[0], { status: 'HTTP/1.1 200 OK', body: /"action":"patched"/ });
  t.same(asked[0], asked[1]);
  t.match(asked[0], { containerId: /^c1@[0-9a-f]{8}$/, bundle: ASKED.bundle, aborted: false });
});

t.test('the connection is kept: what was leased goes back by it, in the same turn', async (t) => {
  const { path, service } = await served(t);
  const { socket, heard } = await dial(t, path);
  socket.write(patch());
  await until('the lease', () => heard().includes('"patched"'));
  t.equal(service.standing.size, 1);
  socket.write(release());
  // Gone before its answer, as the end of a process is.
  socket.end();
  await until('the release', () => service.standing.size === 0);
  await until('the connection ended', () => socket.destroyed);
  t.equal(service.released.length, 1);
});

t.test('errors are problem documents, and faults are not told', async (t) => {
  let error: Error = new NetnsdError('pool_exhausted', 'pool default has no endpoint left', { details: { big: 1n } });
  const { path, faults } = await served(t, { patchBundle: () => Promise.reject(error) });
  const ask = async (agent: string) => {
    const { socket, heard } = await dial(t, path);
    socket.write(patch(ASKED, { agent }));
    await until('the answer', () => heard().endsWith('}'));
    return answer(heard());
  };
  t.same(await ask(AGENT), await ask('Host: other\r\n'));
  t.match(await ask(AGENT), {
    status: 'HTTP/1.1 503 Service Unavailable',
    type: /problem\+json/,
    body: /pool_exhausted/,
  });
  error = new TypeError('secret of line 7');
  const fault = await ask(AGENT);
  t.match(fault, { status: 'HTTP/1.1 500 Internal Server Error', body: /"code":"internal"/ });
  t.notMatch(fault.body, /secret/);
  t.equal(faults.length, 1);
});

t.test('a client that has gone holds nothing, waiting or served', async (t) => {
  const { path, service } = await served(t);
  service.hold();
  const waiting = await dial(t, path);
  waiting.socket.write(patch());
  await until('the acquire is under way', () => service.requests.length === 1);
  waiting.socket.destroy();
  await until('the wait is aborted', () => service.requests[0]?.signal?.aborted === true);
  service.open();
  t.equal(service.standing.size, 0);
  const late = await served(t, {
    patchBundle: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { action: 'patched', existing: false, lease: makeLease(1) as never };
    },
  });
  const gone = await dial(t, late.path);
  gone.socket.write(patch());
  gone.socket.destroy();
  await until('the lease went back', () => late.service.released.length === 1);
});

t.test(
  'anything that is not one whole request of its own goes to the server, which sees it from its start',
  async (t) => {
    const { path, service } = await served(t);
    const whole = patch();
    const cases: Record<string, [string[], RegExp]> = {
      'cut in two': [[whole.slice(0, 40), whole.slice(40)], /200 OK.*"patched"/s],
      'cut in its body': [[whole.slice(0, -5), whole.slice(-5)], /200 OK.*"patched"/s],
      'another agent': [[patch(ASKED, { agent: 'Host: a\r\n' })], /200 OK.*"patched"/s],
      'two in one packet': [[release() + release()], /204 No Content.*204 No Content/s],
      'another route': [['GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'], /200 OK.*"ok"/s],
      'no JSON': [[patch('{"bundle"')], /400 Bad Request.*bad_request/s],
      'a list': [[patch('[1]')], /400 Bad Request.*bad_request/s],
      'an unknown field': [[patch({ ...ASKED, x: 1 })], /400 Bad Request.*unknown field/s],
      'a field of the prototype': [[patch('{"bundle":"/b","containerId":"c","constructor":"x"}')], /400 Bad Request/],
      'a relative bundle': [[patch({ ...ASKED, bundle: 'b' })], /400 Bad Request.*bundle/s],
      'no container': [[patch({ bundle: '/b' })], /400 Bad Request.*containerId/s],
      'a number for an id': [[patch({ ...ASKED, containerId: 7 })], /400 Bad Request.*containerId/s],
      'beyond ASCII': [[patch({ ...ASKED, bundle: '/büro' })], /200 OK.*"patched"/s],
      'a release without force': [[release('c1', '')], /204 No Content/],
      'a path for an id': [[release('..%2Fc1')], /400 Bad Request/],
      'no HTTP': [['\0\x01\x02\x03\r\n\r\n'], /400 Bad Request/],
    };
    for (const [name, [packets, expected]] of Object.entries(cases)) {
      service.standing.clear();
      const { socket, heard } = await dial(t, path);
      for (const packet of packets) {
        socket.write(packet);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await until(name, () => expected.test(heard()));
      t.match(heard(), expected, name);
      socket.destroy();
    }
  },
);

t.test('a second request is served while the first is, when that is answered', async (t) => {
  const { path, service } = await served(t);
  service.hold();
  const { socket, heard } = await dial(t, path);
  socket.write(patch());
  await until('the acquire is under way', () => service.requests.length === 1);
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(heard(), '');
  service.open();
  await until('both answers', () => /"patched".*"ok"/s.test(heard()));
  t.equal(service.standing.size, 1);
});

t.test('who says nothing is let go; closing ends what rests, and not what is under way', async (t) => {
  const { app, path, service } = await served(t, { requestTimeoutMs: 200 });
  const silent = await dial(t, path);
  await until('it is let go', () => silent.socket.destroyed);
  t.match(silent.heard(), /^HTTP\/1\.1 408 .*"code":"bad_request"/s);
  const resting = await dial(t, path);
  resting.socket.write(patch());
  await until('the answer', () => resting.heard().includes('"patched"'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(resting.socket.destroyed, false, 'one that was answered may rest longer');
  service.hold();
  const busy = await dial(t, path);
  busy.socket.write(patch({ ...ASKED, containerId: 'c2' }));
  await until('the acquire is under way', () => service.requests.length === 2);
  const closing = closeApi(app, { deadlineMs: 5000 });
  await until('the one at rest is let go', () => resting.socket.destroyed);
  t.equal(busy.socket.destroyed, false);
  service.open();
  await closing;
  await until('it had its answer', () => busy.heard().includes('"patched"'));
});

t.test('closing does not wait beyond its deadline', async (t) => {
  const { app, path, service } = await served(t);
  service.hold();
  const { socket } = await dial(t, path);
  socket.write(patch());
  await until('the acquire is under way', () => service.requests.length === 1);
  const startedMs = performance.now();
  await closeApi(app, { deadlineMs: 100 });
  t.ok(performance.now() - startedMs < 2000);
  await until('it was cut off', () => socket.destroyed);
  service.open();
});

t.test('a client that sends on and on before its answer is cut off, and its lease goes back', async (t) => {
  const { path, service } = await served(t);
  service.hold();
  const { socket } = await dial(t, path);
  socket.write(patch());
  await until('the acquire is under way', () => service.requests.length === 1);
  for (let sent = 0; sent < 64 && !socket.destroyed; sent += 1) {
    socket.write('x'.repeat(16 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until('it was cut off', () => socket.destroyed);
  await until('the wait is aborted', () => service.requests[0]?.signal?.aborted === true);
  service.open();
  t.equal(service.standing.size, 0);
});

t.test('a packet is read as what it is, or not at all', async (t) => {
  const read = (text: string) => readShortcut(Buffer.from(text));
  t.same(read(patch()), { kind: 'patch', body: ASKED, headers: {} });
  t.same(read(release()), { kind: 'release', containerId: 'c1', force: true, headers: {} });
  t.same(read(release('c1', '')), { kind: 'release', containerId: 'c1', force: false, headers: {} });
  const whole = patch(ASKED, { root: '%2Fr' });
  t.match(read(whole), { headers: { 'netnsd-runtime-root': '%2Fr' } });
  for (let length = 0; length < whole.length; length += 1)
    t.equal(read(whole.slice(0, length)), null, `cut after ${length}`, { diagnostic: false });
  t.equal(read(`${whole} `), null, 'more than it');
  t.equal(
    read(release().replace('\r\n\r\n', '\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}')),
    null,
  );
  t.equal(read(release('x'.repeat(256))), null);
});
