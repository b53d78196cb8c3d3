import t from 'tap';
import { FakeDaemon, leaseOf, run } from './fake.js';

const STATE = ['--state-dir', '/run/s'];

t.test('an endpoint and a hub are entered without a daemon, by their names', async (t) => {
  const endpoint = await run(['enter', ...STATE, 'default-17', '--', 'ip', '-j', 'address']);
  t.strictSame(endpoint.started, [
    ['enter', { stateDir: '/run/s', target: { endpoint: 'default-17' }, command: ['ip', '-j', 'address'] }],
  ]);
  const hub = await run(['enter', ...STATE, 'hub:default.0', 'ip', 'link', '--json']);
  t.strictSame(hub.started, [
    ['enter', { stateDir: '/run/s', target: { hub: 'default.0' }, command: ['ip', 'link', '--json'] }],
  ]);
});

t.test('a lease is entered by the path that the daemon tells', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(7, { id: '1a7d9b22488c8642' })];
  const { started } = await run(['enter', ...STATE, '1a7d9b22488c8642', 'true'], { daemon });
  t.match(started.at(-1), ['enter', { target: { path: '/run/netnsd/netns/nd-7' }, command: ['true'] }]);
  t.equal(daemon.closed, 1);
});

t.test('without a command a shell is run', async (t) => {
  for (const [env, shell] of [
    [{ SHELL: '/bin/zsh' }, '/bin/zsh'],
    [{ SHELL: '' }, '/bin/sh'],
    [{}, '/bin/sh'],
  ] as const) {
    const { started } = await run(['enter', 'hub:default'], { env });
    t.match(started, [['enter', { target: { hub: 'default' }, command: [shell] }]]);
  }
});
