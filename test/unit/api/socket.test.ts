import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import { listenOnSocket } from '../../../src/api/index.js';
import { NetnsdClient } from '../../../src/client/index.js';
import { apiWorld, socketPath } from './fixture.js';

const modeOf = (path: string) => statSync(path).mode & 0o777;

t.test('the socket is for its owner alone, or for a group as well', async (t) => {
  for (const [groupId, mode] of [
    [null, 0o600],
    [process.getgid?.() as number, 0o660],
  ] as const) {
    const { app } = await apiWorld(t);
    const path = socketPath(t);
    const umask = process.umask(0);
    try {
      await listenOnSocket(app, { path, groupId });
      t.equal(process.umask(), 0, 'the umask is as before');
    } finally {
      process.umask(umask);
    }
    t.equal(modeOf(path), mode, `group ${groupId}`);
    t.equal(statSync(path).gid, process.getgid?.());
    await using client = new NetnsdClient({ socketPath: path });
    await client.health();
    t.same(app.addresses(), [path], 'never TCP');
  }
});

t.test('a daemon too busy to take a connection is left alone', async (t) => {
  const path = socketPath(t);
  // Stopped, with a queue of one: the kernel takes two connections for it and refuses the next with EAGAIN.
  const busy = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => process.kill(process.pid, 'SIGSTOP'))`,
    path,
  ]);
  t.teardown(() => busy.kill('SIGKILL'));
  const stopped = () => /^State:\s+T/m.test(readFileSync(`/proc/${busy.pid}/status`, 'utf8'));
  while (!stopped()) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let times = 0; times < 4; times += 1) {
    const socket = connect(path).on('error', () => undefined);
    t.teardown(() => socket.destroy());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { app } = await apiWorld(t);
  await t.rejects(listenOnSocket(app, { path, groupId: null }), { code: 'daemon_running' });
  t.ok(lstatSync(path).isSocket());
});

t.test('a path that can be no socket is refused, in words that help', async (t) => {
  const { app } = await apiWorld(t);
  const folder = dirname(socketPath(t));
  const listen = (path: string) => listenOnSocket(app, { path, groupId: null });
  const exact = join(folder, 'x'.repeat(107 - folder.length - 1));
  await t.rejects(listen(`${exact}x`), { code: 'bad_usage', message: /bytes, and the limit is 107.*--socket/ });
  await t.rejects(listen(join(folder, 'ü'.repeat(50))), { code: 'bad_usage', message: /has 1\d\d bytes/ });
  await t.rejects(listen(''), { code: 'bad_usage', message: /--socket/ }, 'it would be TCP');
  await t.rejects(listen('\0netnsd'), { code: 'bad_usage', message: /--socket/ }, 'it would be open to all');
  await t.rejects(listen(join(folder, 'none', 'n.sock')), {
    code: 'bad_usage',
    message: /folder of .*none.* does not exist/,
  });
  await listen(exact);
  t.ok(lstatSync(exact).isSocket(), 'after which the longest possible path serves');
});

t.test('a group that the socket cannot be given to leaves no socket behind', async (t) => {
  const { app } = await apiWorld(t);
  const path = socketPath(t);
  chmodSync(dirname(path), 0o700);
  await t.rejects(listenOnSocket(app, { path, groupId: 2 ** 32 }), { code: 'bad_usage', message: /cannot set group/ });
  t.notOk(existsSync(path));
});
