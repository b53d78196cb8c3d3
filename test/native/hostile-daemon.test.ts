import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { startRawServer } from './fake-daemon.js';
import { program, run } from './program.js';
import { makeStage } from './stage.js';

const netnsdRunc = program({ sanitized: true });

const DEADLINE_MS = 400;

/** Of daemons that answer at once: it is not the deadline that ends these. */
const GENEROUS_MS = 300_000;

/** Writes a text a byte at a time, for ever. */
function drip(connection: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => connection.write(text[at++ % text.length] ?? ''), 20);
  connection.once('close', () => clearInterval(timer));
}

function flood(connection: Socket, head: string): void {
  const more = () => {
    while (!connection.destroyed && connection.write('x'.repeat(65_536))) {}
  };
  connection.write(head);
  connection.on('drain', more);
  more();
}

const head = (length: number | string, more = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n${more}\r\n`;

const answers: [string, (connection: Socket) => void, RegExp][] = [
  ['never', () => {}, /did not answer within 400 ms/],
  ['a byte at a time', (c) => drip(c, head(100000)), /did not answer within 400 ms/],
  ['half a header', (c) => c.write('HTTP/1.1 200 OK\r\nContent-'), /did not answer within 400 ms/],
  ['nothing, and hangs up', (c) => c.destroy(), /without an answer/],
  ['half a header, and hangs up', (c) => c.end('HTTP/1.1 200 OK\r\nContent-'), /ends within its header/],
  ['garbage', (c) => c.end(Buffer.from([0, 255, 13, 10, 13, 10, 7])), /it is not HTTP/],
  ['another protocol', (c) => c.end('SSH-2.0-OpenSSH_9.2\r\n'), /it is not HTTP/],
  ['a body that is not JSON', (c) => c.end(`${head(4)}{"a"`), /it is not a JSON object/],
  ['a body that nests deeply', (c) => c.end(`${head(20000)}${'['.repeat(20000)}`), /it is not a JSON object/],
  ['an unknown action', (c) => c.end(`${head(14)}{"action":"x"}`), /its action is unknown/],
  ['too short a body', (c) => c.end(`${head(30)}{"action":"patched"}`), /shorter than its Content-Length/],
  ['too long a body', (c) => c.end(`${head(10)}{"action":"patched"}`), /longer than its Content-Length/],
  ['no Content-Length', (c) => c.end('HTTP/1.1 200 OK\r\n\r\n{"action":"patched"}'), /no Content-Length/],
  ['two of them', (c) => c.end(head(2, 'Content-Length: 3\r\n')), /two Content-Length/],
  ['a huge one', (c) => c.end(head('18446744073709551617')), /too large/],
  ['a negative one', (c) => c.end(head(-1)), /no number/],
  ['chunks', (c) => c.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'), /chunked/],
  ['a header without end', (c) => flood(c, 'HTTP/1.1 200 OK\r\nX: '), /header is too large/],
  ['a flood', (c) => flood(c, head(1000000)), /too large/],
  ['an interim answer', (c) => c.end('HTTP/1.1 100 Continue\r\n\r\n'), /interim/],
  ['a status beyond HTTP', (c) => c.end('HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n'), /status line/],
  ['an error without words', (c) => c.end('HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n'), /answered with status 500/],
  [
    'an error with a control character',
    (c) => c.end(`HTTP/1.1 500 Oh\r\nContent-Length: 34\r\n\r\n{"code":"x","detail":"a\\u001b\\nb"}`),
    /refuses: a\?\?b \(x\)/,
  ],
];

for (const [title, behave, reason] of answers) {
  t.test(`a daemon that answers ${title} is a clear error within the deadline`, async (t) => {
    const stage = makeStage(t);
    const server = await startRawServer(stage.socket, (connection) => {
      connection.once('data', () => behave(connection));
    });
    t.teardown(() => server.close());
    const deadlineMs = reason.source.includes('did not answer') ? DEADLINE_MS : GENEROUS_MS;
    const env = { ...stage.env, NETNSD_RUNC_DEADLINE_MS: String(deadlineMs) };
    for (const args of [
      ['create', '-b', stage.bundle, 'c1'],
      ['delete', 'c1'],
    ]) {
      const ended = await run(netnsdRunc, args, { env });
      t.equal(ended.status, args[0] === 'create' ? 1 : 0, ended.stderr);
      if (args[0] === 'create' || !title.includes('JSON') || title === 'an unknown action')
        t.match(ended.stderr, reason);
      t.equal(ended.stderr.split('\n').length, 2, 'in one line');
    }
    t.strictSame(stage.journal(), ['runtime delete c1']);
  });
}

t.test('a socket that is no socket, or has too long a path, is a clear error', async (t) => {
  const stage = makeStage(t);
  const fails = async (socket: string, reason: RegExp) => {
    const env = { ...stage.env, NETNSD_SOCKET: socket, NETNSD_RUNC_DEADLINE_MS: String(DEADLINE_MS) };
    const ended = await run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env });
    t.strictSame([ended.status, reason.test(ended.stderr)], [1, true], ended.stderr);
  };
  await fails(stage.runtime, /Connection refused/);
  await fails(`/${'x'.repeat(200)}`, /File name too long/);
  await fails('relative', /No such file/);
});

t.test('a daemon that accepts no connection, its queue full, is a clear error within the deadline', async (t) => {
  const stage = makeStage(t);
  const script = `require('node:net').createServer().listen({ path: ${JSON.stringify(stage.socket)}, backlog: 1 }, () => console.log())`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  server.kill('SIGSTOP');
  const env = { ...stage.env, NETNSD_RUNC_DEADLINE_MS: String(DEADLINE_MS) };
  const runs = Array.from({ length: 6 }, () => run(netnsdRunc, ['create', '-b', stage.bundle, 'c1'], { env }));
  for (const ended of await Promise.all(runs)) {
    t.equal(ended.status, 1);
    t.match(ended.stderr, /did not answer within 400 ms\n$/);
  }
});
