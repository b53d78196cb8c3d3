import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import type { PoolEvent } from '../../../src/pool/service.js';
import { FakeDaemon, POOL, run } from './fake.js';

t.test('status shows the daemon and a row a pool', async (t) => {
  const lines = (await run(['status'])).stdout.split('\n');
  t.strictSame(lines, [
    'netnsd 0.1.0, pid 4711, up 2 h',
    '',
    'POOL     SUBNET         READY  LEASED  DIRTY  BUILDING  BROKEN  MIN_READY  TARGET  MAX  WARM  COLD',
    'default  10.213.0.0/16     16       2      0         1       0         16     100  256    40     1',
    '',
  ]);
  const status = JSON.parse((await run(['status', '--json'])).stdout);
  t.strictSame(status, { version: '0.1.0', pid: 4711, uptimeSeconds: 7260.5, pools: [POOL] });
});

t.test('what the daemon does without is shown below its version', async (t) => {
  const daemon = new FakeDaemon();
  daemon.status = async () => ({
    version: '0.1.0',
    pid: 4711,
    uptimeSeconds: 1,
    pools: [POOL],
    warnings: ['no seals'],
  });
  t.match((await run(['status'], { daemon })).stdout, /^netnsd 0\.1\.0, pid 4711, up 1 s\nwarning: no seals\n\nPOOL /);
});

t.test('the newest failure of a pool is shown below the table', async (t) => {
  const daemon = new FakeDaemon();
  daemon.pools = async () => [{ ...POOL, buildFailures: 3, lastError: 'link: EEXIST' }];
  t.match(
    (await run(['pool', 'list'], { daemon })).stdout,
    /\n\npool default {2}failed builds: 3, last error: link: EEXIST\n$/,
  );
});

t.test('pool list prints an array, pool set the pool that it changed', async (t) => {
  const daemon = new FakeDaemon();
  t.strictSame(JSON.parse((await run(['pool', 'list', '--json'])).stdout), [POOL]);
  const { stdout } = await run(['pool', 'set', 'web', '--min-ready', '0', '--json'], { daemon });
  t.strictSame(JSON.parse(stdout), { ...POOL, name: 'web', minReady: 0 });
  t.strictSame(daemon.calls, [['resizePool', 'web', { minReady: 0, max: undefined }]]);
  t.match((await run(['pool', 'set', 'web', '--max', '9'], { daemon })).stdout, /\nweb .* 16 +100 +9 +40 +1\n$/);
});

t.test('reload prints what has changed, and waits until pools that are opened anew are', async (t) => {
  const daemon = new FakeDaemon();
  t.equal((await run(['reload'], { daemon })).stdout, 'nothing has changed\n');
  const readAt = '2026-01-02T03:04:05.000Z';
  daemon.reloaded = { changes: ['pools.a.mtu: 1500 -> 1400', 'pools.b: added'], reopens: true, readAt };
  daemon.statuses.push({ readAt, error: null }, { readAt: '2026-01-02T03:04:06.000Z', error: null });
  const { status, stdout } = await run(['reload'], { daemon });
  t.strictSame([status, stdout], [0, 'pools.a.mtu: 1500 -> 1400\npools.b: added\n']);
  t.strictSame(daemon.calls.slice(-3), [['reload'], ['status'], ['status']]);
  daemon.statuses.push({ readAt: '2026-01-02T03:04:07.000Z', error: 'nft is missing' });
  t.match(await run(['reload'], { daemon }), { status: 1, stdout: '', stderr: 'netnsd: nft is missing\n' });
  daemon.failures.set('reload', new NetnsdError('config_invalid', 'netnsd.toml:3: pools.a.mtu: found 3'));
  t.match(await run(['reload', '--json'], { daemon }), {
    status: 1,
    stderr: 'netnsd: netnsd.toml:3: pools.a.mtu: found 3\n',
  });
});

t.test('status says that the newest configuration was refused', async (t) => {
  const daemon = new FakeDaemon();
  daemon.statuses.push({ readAt: '2026-01-02T03:04:05.000Z', error: 'netnsd.toml:3: mtu' });
  const { stdout } = await run(['status'], { daemon });
  t.match(stdout, /\n\nthe newest configuration is not in effect: netnsd.toml:3: mtu\n$/);
});

t.test('inspect of a pool shows each of its settings, whatever its name looks like', async (t) => {
  const daemon = new FakeDaemon();
  const settings = {
    subnet: '10.9.0.0/24',
    masquerade: true,
    publish: ['8080/tcp', '53/udp'],
    egress_deny: [],
    subnet_file: '',
    x: null,
  };
  for (const name of ['web', 'web-2']) {
    daemon.settings.set(name, settings);
    const { status, stdout } = await run(['inspect', name], { daemon });
    t.equal(status, 0);
    t.match(stdout, new RegExp(`^POOL .*\\n${name} +10\\.213`));
    for (const line of [/^subnet +10\.9\.0\.0\/24$/m, /^masquerade +true$/m, /^publish +8080\/tcp\n +53\/udp$/m])
      t.match(stdout, line);
    t.match(stdout, /^egress_deny +-$/m);
    t.match(stdout, /^subnet_file +-$/m);
    t.match(stdout, /^x +-$/m);
    const json = JSON.parse((await run(['inspect', name, '--json'], { daemon })).stdout);
    t.match(json, { name, settings });
  }
});

t.test('events are printed one a line, for readers or as JSON, until they end', async (t) => {
  const daemon = new FakeDaemon();
  const event: PoolEvent = {
    time: '2026-01-02T03:04:05.000Z',
    type: 'leased',
    pool: 'default',
    endpoint: 'default-2',
    lease: 'l-2',
    containerId: 'a',
    reason: null,
  };
  const broken: PoolEvent = { ...event, type: 'broken', lease: null, containerId: null, reason: 'link\nis gone' };
  daemon.events_ = [event, broken];
  t.equal(
    (await run(['events'], { daemon })).stdout,
    '2026-01-02T03:04:05.000Z  leased        default-2  lease l-2  container a\n' +
      '2026-01-02T03:04:05.000Z  broken        default-2  (link\ufffdis gone)\n',
  );
  const lines = (await run(['events', '--json'], { daemon })).stdout.trimEnd().split('\n');
  t.strictSame(
    lines.map((line) => JSON.parse(line)),
    [event, broken],
  );
  t.equal(daemon.closed, 2);
});

t.test('a daemon that does not answer is one line and status 1, whichever the command', async (t) => {
  const daemon = new FakeDaemon();
  for (const method of ['status', 'pools', 'leases', 'events']) {
    daemon.failures.set(method, new NetnsdError('daemon_unreachable', 'no daemon listens on /s: start it'));
  }
  for (const argv of [['status'], ['pool', 'list'], ['list'], ['events'], ['release', '--id', 'a']]) {
    const { status, stdout, stderr } = await run(argv, { daemon });
    t.strictSame([status, stdout, stderr], [1, '', 'netnsd: no daemon listens on /s: start it\n'], argv.join(' '));
  }
});

t.test('what troubles a pool at the moment is shown before its newest failure, and once', async (t) => {
  const daemon = new FakeDaemon();
  const trouble = 'no space left';
  daemon.pools = async () => [
    { ...POOL, name: 'a', lastError: 'link: EEXIST', trouble },
    { ...POOL, name: 'b', lastError: trouble, trouble },
  ];
  const { stdout } = await run(['pool', 'list'], { daemon });
  t.match(
    stdout,
    /pool a {2}trouble: no space left\npool a {2}failed builds: 0, last error: link: EEXIST\npool b {2}trouble: no space left\n$/,
  );
});
