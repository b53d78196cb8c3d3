import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { type ErrorCode, NetnsdClient } from '../../../src/client/index.js';
import { servedWorld, socketPath } from '../api/fixture.js';

/** A daemon that does what the test says with each connection, and a client of it. */
async function impostor(t: Parameters<typeof servedWorld>[0], act: (socket: Socket) => void, timeoutMs = 60_000) {
  const path = socketPath(t);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    act(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  // What fails is not tried again.
  const client = new NetnsdClient({ socketPath: path, timeoutMs, reachMs: 0 });
  t.teardown(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { client, path };
}

const answering =
  (answer: string, end = true) =>
  (socket: Socket) =>
    void socket.once('data', () => (end ? socket.end(answer) : socket.write(answer)));

t.test('a user who may not use the socket is told whom to ask', async (t) => {
  const { path } = await servedWorld(t);
  chmodSync(dirname(path), 0o755);
  const program = `
    const { NetnsdClient } = await import(process.argv[1]);
    if (process.getuid() === 0) process.setuid(65534);
    else (await import('node:fs')).chmodSync(process.argv[2], 0);
    await new NetnsdClient({ socketPath: process.argv[2] }).health().catch(({ code, message, details }) => {
      console.log(JSON.stringify({ code, message, details }));
    });`;
  const module = new URL('../../../src/client/index.js', import.meta.url).href;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, module, path]);
  t.match(JSON.parse(stdout), {
    code: 'daemon_unreachable',
    message: /permission denied on .*root.*group/,
    details: { socket: path, errno: 'EACCES' },
  });
});

t.test('an answer that is none is an error of a known code', async (t) => {
  const http = (status: string, body: string) => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const cases: [string, string, ErrorCode, RegExp][] = [
    ['no HTTP', 'hello\r\n\r\n', 'daemon_unreachable', /failed: Parse Error/],
    ['nothing', '', 'daemon_unreachable', /failed: socket hang up/],
    ['a half head', 'HTTP/1.1 200 O', 'daemon_unreachable', /failed: /],
    ['a half body', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":', 'daemon_unreachable', /failed: /],
    ['a half chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a', 'daemon_unreachable', /failed: /],
    ['no JSON', http('200 OK', '<html>'), 'internal', /not JSON/],
    ['nothing, well said', http('200 OK', ''), 'internal', /not JSON/],
    ['an error without a problem', http('502 Bad Gateway', '<html>'), 'internal', /status 502 and without a problem/],
    ['null as a problem', http('500 No', 'null'), 'internal', /status 500 and without a problem/],
    ['a list as a problem', http('500 No', '[1]'), 'internal', /without a problem/],
    ['a problem without words', http('500 No', '{"code":"internal"}'), 'internal', /without a problem/],
    ['a problem of a later version', http('500 No', '{"code":"new_code","detail":"so"}'), 'internal', /^so$/],
    ['a code that every object has', http('500 No', '{"code":"toString","detail":"so"}'), 'internal', /^so$/],
    ['details that are none', http('404 No', '{"code":"not_found","detail":"so","details":7}'), 'not_found', /^so$/],
    ['a redirect', http('302 Found', ''), 'internal', /status 302/],
  ];
  for (const [name, answer, code, message] of cases) {
    const { client } = await impostor(t, answering(answer));
    await t.rejects(client.status(), { name: 'NetnsdError', code, message }, name);
  }
});

t.test('a stream of events that is refused, garbled, cut or never begins is an error', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const event = (type: string) => `event: ${type}\ndata: {"type":"${type}"}\n\n`;
  const problem = '{"code":"shutting_down","detail":"no"}';
  const refused = `HTTP/1.1 503 No\r\nContent-Length: ${problem.length}\r\n\r\n${problem}`;
  const cases: [string, string, boolean, string[], ErrorCode][] = [
    ['refused', refused, true, [], 'shutting_down'],
    ['cut', head + chunk(`${event('ready')}: x\n\nevent: broken\ndata: {`), true, ['ready'], 'daemon_unreachable'],
    ['garbled', head + chunk(`${event('ready')}data: {no\n\n`), true, ['ready'], 'internal'],
    ['never begun', '', false, [], 'deadline_exceeded'],
  ];
  for (const [name, answer, end, wanted, code] of cases) {
    const { client } = await impostor(t, answering(answer, end), code === 'deadline_exceeded' ? 100 : 60_000);
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { type } of client.events()) heard.push(type);
    })();
    await t.rejects(listening, { name: 'NetnsdError', code }, name);
    t.same(heard, wanted, name);
  }
});

/** Time enough for the head of an answer. */
const DEADLINE_MS = 2000;

t.test('a stream of events has no deadline, and its events may come in any pieces', async (t) => {
  const text =
    ': hello\n\nevent: leased\nid: 7\ndata: {"type":"leased",\ndata: "containerId":"ü"}\n\n: keep-alive\n\ndata: {"type":"ready"}\n\n';
  const { client } = await impostor(
    t,
    (socket) =>
      void socket.once('data', async () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
        await new Promise((resolve) => setTimeout(resolve, 2 * DEADLINE_MS));
        for (const byte of Buffer.from(text)) {
          socket.write(Buffer.of(byte));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        socket.end();
      }),
    DEADLINE_MS,
  );
  const heard = [];
  for await (const event of client.events()) heard.push(event);
  t.same(heard, [{ type: 'leased', containerId: 'ü' }, { type: 'ready' }]);
});
