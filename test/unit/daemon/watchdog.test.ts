import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { extendStart } from '../../../src/daemon/service-manager.js';
import { Watchdog } from '../../../src/daemon/watch/watchdog.js';

async function listen(t: Test, server: Server): Promise<string> {
  // Short: a path in testdir() may be longer than an address of a socket.
  const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'socket');
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return path;
}

/** A watchdog with a short interval, and waits for food. */
function fed(t: Test, intervalMs = 20) {
  let meals = 0;
  const watchdog = new Watchdog({ intervalMs, feed: () => meals++ });
  t.teardown(() => watchdog[Symbol.dispose]());
  const turn = () => new Promise((resolve) => setTimeout(resolve, intervalMs / 4));
  const isFed = async (): Promise<void> => {
    for (const before = meals; meals === before; ) await turn();
  };
  return { watchdog, isFed, meals: () => meals };
}

t.test('the watchdog is fed while the socket answers, with whatever status', async (t) => {
  const server = createServer((_, response) => response.writeHead(503).end());
  const { watchdog, isFed } = fed(t);
  using _watch = watchdog.watch(await listen(t, server));
  await isFed();
  await isFed();
});

t.test('it is fed by a connection that is ended, as by a daemon that has as many as it may', async (t) => {
  const server = createPlainServer((connection) => connection.destroy());
  const { watchdog, isFed } = fed(t);
  using _watch = watchdog.watch(await listen(t, server));
  await isFed();
});

t.test('a socket that does not answer in time does not feed it', async (t) => {
  const connections: Socket[] = [];
  const server = createPlainServer((connection) => void connections.push(connection));
  t.teardown(() => {
    for (const connection of connections) connection.destroy();
  });
  const path = await listen(t, server);
  const { watchdog, isFed, meals } = fed(t);
  const watch = watchdog.watch(path);
  // Each of these was given up before the next but two began.
  while (connections.length < 8) await once(server, 'connection');
  t.equal(meals(), 0);
  watch[Symbol.dispose]();
  await isFed();
  t.pass('while pools are opened or closed, this thread is enough');
});

t.test('a socket that is gone does not feed it', async (t) => {
  const server = createServer((_, response) => response.end());
  const path = await listen(t, server);
  const { watchdog, isFed, meals } = fed(t);
  using _watch = watchdog.watch(path);
  await isFed();
  rmSync(path);
  const settled = () => new Promise((resolve) => setTimeout(resolve, 200));
  await settled();
  const before = meals();
  await settled();
  t.equal(meals(), before);
});

t.test('without a watchdog of the service manager nothing is fed', async (t) => {
  const watchdog = new Watchdog({ intervalMs: null, feed: () => t.fail('fed') });
  watchdog[Symbol.dispose]();
});

t.test('a start that works asks for more time until it is over, and one that hangs does not', async (t) => {
  const asked: string[] = [];
  const starting = extendStart((state) => void asked.push(state), 50);
  while (asked.length < 2) {
    for (let end = performance.now() + 30; performance.now() < end; );
    await new Promise(setImmediate);
  }
  t.match(asked[0], /^EXTEND_TIMEOUT_USEC=\d+$/);
  starting[Symbol.dispose]();
  const { length } = asked;
  for (let end = performance.now() + 120; performance.now() < end; );
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.equal(asked.length, length);
});
