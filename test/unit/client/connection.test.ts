import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createApi, listenOnSocket } from '../../../src/api/index.js';
import { NetnsdClient } from '../../../src/client/index.js';
import { FakeService } from '../api/fake-service.js';
import { temporaryFolder } from '../api/serve.js';
import { open } from './stage.js';

/** A daemon that answers as it is told. */
async function pretend(
  t: Test,
  listener: RequestListener,
  timeoutMs = 60_000,
): Promise<{ client: NetnsdClient; path: string }> {
  const path = join(temporaryFolder(t), 's');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = new NetnsdClient({ socketPath: path, timeoutMs });
  t.teardown(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, path };
}

t.test('clients that find too many before them knock again until they are let in, or their time is over', async (t) => {
  const path = join(temporaryFolder(t), 's');
  const server = createServer((_, response) => void response.end('{"leases":[]}'));
  await new Promise<void>((resolve) => server.listen({ path, backlog: 1 }, resolve));
  t.teardown(() => server.close());
  const client = new NetnsdClient({ socketPath: path, timeoutMs: 60_000 });
  t.teardown(() => client.close());
  const answers = await Promise.all(Array.from({ length: 60 }, () => client.leases()));
  t.equal(answers.length, 60);
});

t.test('who cannot reach the daemon learns which socket, and what to do', async (t) => {
  const folder = temporaryFolder(t);
  const absent = new NetnsdClient({ socketPath: join(folder, 'none.sock'), reachMs: 0 });
  const message = `the socket ${join(folder, 'none.sock')} does not exist: start the daemon with \`netnsd serve\`, or give its socket with --socket`;
  await t.rejects(absent.status(), { code: 'daemon_unreachable', message });
  const { client, app, path } = await open(t);
  await app.close();
  await t.rejects(client.status(), { code: 'daemon_unreachable', message: new RegExp(path) });
});

t.test('without permission the message says how to get it', async (t) => {
  const { unreachable } = await import('../../../src/client/failure.js');
  const denied = unreachable('/run/s', Object.assign(new Error('connect EACCES'), { code: 'EACCES' }));
  t.match(denied, { code: 'daemon_unreachable', message: /\/run\/s: run as root, or as a member/ });
  const refused = unreachable('/run/s', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
  t.match(refused, { message: 'no daemon listens on /run/s: start it with `netnsd serve`' });
});

t.test('a daemon that does not answer in time is given up, also in the middle of its answer', async (t) => {
  const silent = await pretend(t, () => {}, 300);
  await t.rejects(silent.client.status(), { code: 'deadline_exceeded', message: /within 300 ms/ });
  const halt: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"version":');
  };
  const halting = await pretend(t, halt, 300);
  await t.rejects(halting.client.status(), { code: 'deadline_exceeded' });
});

t.test('a daemon that ends in the middle of its answer is unreachable', async (t) => {
  const { client } = await pretend(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{', () => response.destroy());
  });
  await t.rejects(client.status(), { code: 'daemon_unreachable' });
});

t.test('an answer that is no problem document is an error with its status', async (t) => {
  const answers = ['<html>', '[]', 'null', '{"code":"toString","detail":3}'];
  for (const answer of answers) {
    const { client } = await pretend(t, (_request, response) => void response.writeHead(502).end(answer));
    await t.rejects(client.status(), { code: 'internal', message: /status 502/ });
  }
  const { client } = await pretend(t, (_request, response) => {
    response.writeHead(418).end('{"code":"toString","detail":"a later code"}');
  });
  await t.rejects(client.status(), { code: 'internal', message: 'a later code' });
});

t.test('a kept connection that the daemon has closed is opened anew where asking twice is harmless', async (t) => {
  let asked = 0;
  const { client } = await pretend(t, (request, response) => {
    asked += 1;
    // The second request finds its kept connection torn down.
    if (asked === 2) return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"leases":[],"id":"x"}');
  });
  await client.leases();
  await client.leases();
  t.equal(asked, 3);
  asked = 1;
  await t.rejects(
    client.acquire({}),
    { code: 'daemon_unreachable' },
    'an acquire without a container could lease twice',
  );
  asked = 0;
  await client.acquire({ containerId: 'job-1' });
  t.match(await client.acquire({ containerId: 'job-1' }), { id: 'x' });
});

t.test('a restart that makes every kept connection stale is no more than one request late', async (t) => {
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let deaf = false;
  const { client } = await pretend(t, (request, response) => {
    // As a daemon that dies: who comes on a connection from before hears nothing.
    if (deaf && sockets.has(request.socket)) return void request.socket.destroy();
    sockets.add(request.socket);
    const answer = () => response.writeHead(200).end('{"leases":[]}');
    if (deaf) return void answer();
    // All at once, so that each has a connection of its own.
    waiting.push(answer);
    if (waiting.length === 6) for (const one of waiting) one();
  });
  await Promise.all(Array.from({ length: 6 }, () => client.leases()));
  t.equal(sockets.size, 6, 'six connections are kept');
  deaf = true;
  t.same(await client.leases(), []);
});

t.test('a new connection that breaks before an answer is made anew where asking twice is harmless', async (t) => {
  let asked = 0;
  let breaking = 3;
  const { client } = await pretend(t, (request, response) => {
    asked += 1;
    if (asked <= breaking) return void request.socket.destroy();
    response.writeHead(200, { connection: 'close' }).end('{"leases":[]}');
  });
  t.strictSame(await client.leases(), []);
  t.equal(asked, 4);
  asked = 0;
  await t.rejects(
    client.acquire({}),
    { code: 'daemon_unreachable' },
    'an acquire without a container could lease twice',
  );
  t.equal(asked, 1);
  asked = 0;
  breaking = Number.POSITIVE_INFINITY;
  await t.rejects(client.leases(), { code: 'daemon_unreachable' });
  t.equal(asked, 4, 'a daemon that breaks every connection is given up');
});

t.test('a daemon that answers that it ends is asked again, whatever the request', async (t) => {
  let asked = 0;
  const listener: RequestListener = (_request, response) => {
    asked += 1;
    const [status, body] = asked % 3 > 0 ? [503, '{"code":"shutting_down","detail":"no"}'] : [200, '{"id":"x"}'];
    response.writeHead(status as number, { 'content-type': 'application/json', connection: 'close' }).end(body);
  };
  const { client, path } = await pretend(t, listener);
  t.match(await client.acquire({}), { id: 'x' });
  t.equal(asked, 3);
  const hasty = new NetnsdClient({ socketPath: path, reachMs: 0 });
  await t.rejects(hasty.acquire({}), { code: 'shutting_down', message: 'no' });
  t.equal(asked, 4, 'unless no restart is to be waited for');
});

t.test('connections are kept, and closed with the client', async (t) => {
  const service = new FakeService();
  const pass = async () => ({ action: 'passthrough' as const });
  const dnsFiles = () => ({ hosts: '/nowhere', resolvConf: null });
  const log = { debug() {}, info() {}, error() {} };
  const app = await createApi({
    service,
    log,
    version: '1',
    startedAt: 0,
    patchBundle: pass,
    reconcile: async () => ({ findings: [], endpoints: 0, tookMs: 0 }),
    graftContainer: pass,
    dnsFiles,
  });
  t.teardown(() => app.close());
  let connections = 0;
  app.server.on('connection', () => {
    connections += 1;
  });
  const folder = join(temporaryFolder(t), 'in');
  mkdirSync(folder);
  chmodSync(folder, 0o700);
  const path = join(folder, 's');
  await listenOnSocket(app, { path, groupId: null });
  {
    await using client = new NetnsdClient({ socketPath: path });
    for (let i = 0; i < 5; i += 1) await client.acquire();
    t.equal(connections, 1);
  }
  const open = () => new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)));
  while ((await open()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
});
