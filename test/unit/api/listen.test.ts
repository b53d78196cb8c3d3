import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { closeApi, listenOnSocket } from '../../../src/api/index.js';
import { dial, makeApi, post, serveApi, temporaryFolder, until } from './serve.js';

t.test('the socket is its owner’s alone, and gone after the end', async (t) => {
  const { app, path } = await serveApi(t);
  const before = process.umask();
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(before, process.umask(), 'the umask is as it was');
  await app.close();
  t.notOk(existsSync(path));
});

t.test('with a group the socket is that group’s too', async (t) => {
  const { app } = await makeApi(t);
  const path = join(temporaryFolder(t), 's');
  const groupId = process.getgid?.() ?? 0;
  await listenOnSocket(app, { path, groupId });
  t.equal(statSync(path).mode & 0o777, 0o660);
  t.equal(statSync(path).gid, groupId);
});

t.test('a socket on which no daemon answers is replaced', async (t) => {
  const path = join(temporaryFolder(t), 's');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const { signal } = spawnSync(process.execPath, ['-e', script]);
  t.equal(signal, 'SIGKILL');
  t.ok(statSync(path).isSocket(), 'the dead one left its socket');
  const { app } = await makeApi(t);
  await listenOnSocket(app, { path, groupId: null });
  const { socket, heard } = await dial(t, path);
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('an answer', () => heard().includes('{"status":"ok"}'));
});

t.test('a socket that a daemon already listens on is left to it', async (t) => {
  const { path } = await serveApi(t);
  const { app } = await makeApi(t);
  await t.rejects(listenOnSocket(app, { path, groupId: null }), { code: 'daemon_running', message: new RegExp(path) });
  const { socket, heard } = await dial(t, path);
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('the first still answers', () => heard().includes('200 OK'));
});

t.test('a file in its place is never removed', async (t) => {
  const path = join(temporaryFolder(t), 's');
  writeFileSync(path, 'precious');
  const { app } = await makeApi(t);
  await t.rejects(listenOnSocket(app, { path, groupId: null }), {
    code: 'bad_usage',
    message: /not a socket: remove it/,
  });
  t.equal(statSync(path).size, 8);
});

t.test('a path that no unix socket can have is refused with its length', async (t) => {
  const { app } = await makeApi(t);
  const path = join(temporaryFolder(t), 'a'.repeat(100));
  const message = new RegExp(`has ${path.length} bytes, and the limit is 107`);
  await t.rejects(listenOnSocket(app, { path, groupId: null }), { code: 'bad_usage', message });
});

t.test('a folder that is not there is an error with the path', async (t) => {
  const { app } = await makeApi(t);
  const path = join(temporaryFolder(t), 'none', 's');
  const umask = process.umask();
  await t.rejects(listenOnSocket(app, { path, groupId: null }), { code: 'bad_usage', message: new RegExp(path) });
  t.equal(process.umask(), umask);
});

t.test('who says nothing, or half a request, is let go; who waits for a lease is not', async (t) => {
  const { path, service } = await serveApi(t, { requestTimeoutMs: 200 });
  service.hold();
  const waiting = await dial(t, path);
  waiting.socket.write(post('/v1/leases', { wait: 60 }));
  const silent = await dial(t, path);
  const halves = await Promise.all(
    ['POST /v1/le', 'POST /v1/leases HTTP/1.1\r\nHost: a\r\nX: ', post('/v1/leases', { wait: 1 }).slice(0, -3)].map(
      async (half) => {
        const dialled = await dial(t, path);
        dialled.socket.write(half);
        return dialled;
      },
    ),
  );
  for (const { socket, heard } of [silent, ...halves]) {
    await until('the connection ended', () => socket.destroyed);
    t.match(heard(), /^HTTP\/1\.1 408 .*"code":"bad_request"/s);
  }
  t.equal(waiting.socket.destroyed, false);
  service.open();
  await until('the one who waited has its lease', () => waiting.heard().includes('201 Created'));
  t.equal(service.requests.length, 1, 'no half request reached the service');
});

t.test('a body that never ends is refused at its first bytes too many', async (t) => {
  const { path } = await serveApi(t);
  const { socket, heard } = await dial(t, path);
  const head = 'POST /v1/leases HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
  socket.write(`${head}Content-Length: 104857600\r\n\r\n{"pool":"`);
  await until('the refusal', () => heard().includes('"body_too_large"'));
  const chunked = await dial(t, path);
  chunked.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`;
  let sent = 0;
  const sending = setInterval(() => {
    if (!chunked.socket.writable) return;
    chunked.socket.write(chunk);
    sent += 1;
  }, 1);
  t.teardown(() => clearInterval(sending));
  // Its own writing may keep it from reading why: the answer and the end of the connection come in one go.
  await until('the connection of the chunked one ended', () => chunked.socket.destroyed);
  t.ok(sent < 200, `${sent} chunks of 4 KiB`);
});

t.test('closing lets requests under way end, up to its deadline', async (t) => {
  const { app, path, service } = await serveApi(t);
  service.hold();
  const ending = await dial(t, path);
  ending.socket.write(post('/v1/leases', { wait: 60 }));
  await until('the acquire is under way', () => service.requests.length === 1);
  const idle = await dial(t, path);
  const closing = closeApi(app, { deadlineMs: 5000 });
  await until('the idle one is let go', () => idle.socket.destroyed);
  service.open();
  await closing;
  t.match(ending.heard(), /^HTTP\/1\.1 201 /);
});

t.test('closing cuts off what is under way at its deadline, and takes nothing for it', async (t) => {
  const { app, path, service } = await serveApi(t);
  service.hold();
  const stuck = await dial(t, path);
  stuck.socket.write(post('/v1/leases', { wait: 60 }));
  await until('the acquire is under way', () => service.requests.length === 1);
  await closeApi(app, { deadlineMs: 100 });
  await until('the client sees it', () => stuck.socket.destroyed);
  t.equal(service.requests[0]?.signal?.aborted, true);
  t.equal(service.activeLeases.size, 0);
});
