import { resolve } from 'node:path';
import t from 'tap';
import { run } from './fake.js';

async function socketOf(argv: string[], env: Record<string, string> = {}): Promise<unknown> {
  return (await run(argv, { env })).started[0]?.[1];
}

t.test('a client looks for the socket where it is told, by option before environment', async (t) => {
  t.strictSame(await socketOf(['status']), { socketPath: '/run/netnsd/netnsd.sock' });
  t.strictSame(await socketOf(['status'], { NETNSD_STATE_DIR: '/srv/n/' }), { socketPath: '/srv/n/netnsd.sock' });
  const env = { NETNSD_STATE_DIR: '/srv/n', NETNSD_SOCKET: '/srv/s' };
  t.strictSame(await socketOf(['status'], env), { socketPath: '/srv/s' });
  t.strictSame(await socketOf(['status', '--socket', 'here'], env), { socketPath: resolve('here') });
  t.strictSame(await socketOf(['status'], { NETNSD_SOCKET: '', NETNSD_STATE_DIR: '' }), {
    socketPath: '/run/netnsd/netnsd.sock',
  });
});

t.test('a state directory that is named moves the socket with it', async (t) => {
  const env = { NETNSD_SOCKET: '/srv/s' };
  t.strictSame(await socketOf(['down', '--state-dir', '/srv/d/'], env), {
    stateDir: '/srv/d',
    socketPath: '/srv/d/netnsd.sock',
    force: false,
  });
  t.strictSame(await socketOf(['down', '--state-dir', '/srv/d', '--socket', '/x', '--force'], env), {
    stateDir: '/srv/d',
    socketPath: '/x',
    force: true,
  });
  t.strictSame(await socketOf(['down'], env), { stateDir: '/run/netnsd', socketPath: '/srv/s', force: false });
});

t.test('serve hands on what it was told, and its status is the exit status', async (t) => {
  const { status, started } = await run(['serve']);
  const unset = { configPath: null, netnsDir: null, logLevel: null };
  const paths = { stateDir: '/run/netnsd', socketPath: '/run/netnsd/netnsd.sock' };
  t.equal(status, 3);
  t.strictSame(started, [['serve', { ...paths, ...unset }]]);
  const options = ['--config', 'n.toml', '--netns-dir', '/run/netns', '--log-level', 'warn'];
  const given = { configPath: 'n.toml', netnsDir: '/run/netns', logLevel: 'warn' };
  t.strictSame((await run(['serve', ...options])).started, [['serve', { ...paths, ...given }]]);
});

t.test('a suite of bench gets all that follows its name', async (t) => {
  const { status, started } = await run(['bench', 'build', '--count', '100', '--help', 'x']);
  t.equal(status, 1);
  t.strictSame(started, [['bench', ['build', '--count', '100', '--help', 'x']]]);
});
