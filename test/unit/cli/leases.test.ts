import t from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import type { EndpointStatus } from '../../../src/pool/events/endpoint-status.js';
import { FakeDaemon, leaseOf, run } from './fake.js';

t.test('acquire prints what a caller needs to start a container, and how long it took', async (t) => {
  const { status, stdout } = await run(['acquire', '--id', 'web-1']);
  const [heading, row, took, end] = stdout.split('\n');
  t.equal(status, 0);
  t.equal(heading, 'LEASE  PATH                    ADDRESS        GATEWAY     SOURCE');
  t.equal(row, 'l-2    /run/netnsd/netns/nd-2  10.213.0.2/16  10.213.0.1  warm');
  t.match(took, /^1 lease in (\d+ µs|\d+\.\d ms)$/);
  t.equal(end, '');
});

t.test('acquire hands on every term and closes the client', async (t) => {
  const daemon = new FakeDaemon();
  const [address, mac] = ['10.213.0.7', '0a:58:0a:d5:00:07'];
  const args = ['--pool', 'web', '--id', 'a', '--tenant', 'b', '--wait', '0.5', '--ttl', '60', '--pid', '7'];
  await run(['acquire', ...args, '--address', address, '--mac', mac], { daemon });
  t.strictSame(daemon.calls, [
    ['acquire', { pool: 'web', containerId: 'a', tenant: 'b', wait: 0.5, ttl: 60, pid: 7, address, mac }],
  ]);
  t.equal(daemon.closed, 1);
});

t.test('acquire --path prints paths and nothing else, --json one lease or an array', async (t) => {
  t.equal((await run(['acquire', '--path'])).stdout, '/run/netnsd/netns/nd-2\n');
  t.equal(
    (await run(['acquire', '--path', '--count', '2'])).stdout,
    '/run/netnsd/netns/nd-2\n/run/netnsd/netns/nd-3\n',
  );
  t.strictSame(JSON.parse((await run(['acquire', '--json'])).stdout), leaseOf(2));
  t.strictSame(JSON.parse((await run(['acquire', '--json', '--count', '1'])).stdout), [leaseOf(2)]);
});

t.test('what the daemon refuses is one line on stderr: status 1, or 2 where the request was wrong', async (t) => {
  const daemon = new FakeDaemon();
  daemon.failures.set('acquire', new NetnsdError('pool_exhausted', 'pool default is at its max (256):\nraise it'));
  const failed = { stdout: '', started: [['client', { socketPath: '/run/netnsd/netnsd.sock' }]] };
  const stderr = 'netnsd: pool default is at its max (256): raise it\n';
  t.strictSame(await run(['acquire', '--json'], { daemon }), { ...failed, status: 1, stderr });
  t.equal(daemon.closed, 1);
  daemon.failures.set('acquire', new NetnsdError('bad_request', 'no such term'));
  t.strictSame(await run(['acquire'], { daemon }), { ...failed, status: 2, stderr: 'netnsd: no such term\n' });
});

t.test('renew says when the lease ends now, and wants to know for how long', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(2)];
  t.match(await run(['renew', 'l-2', '--ttl', '600'], { daemon }), {
    status: 0,
    stdout: 'l-2 expires at 2026-01-02T03:14:05.000Z\n',
  });
  t.strictSame(daemon.calls[0], ['renew', 'l-2', { ttl: 600 }]);
  const { stdout } = await run(['renew', 'l-2', '--ttl', '0.5', '--json'], { daemon });
  t.match(JSON.parse(stdout), { id: 'l-2', expiresAt: '2026-01-02T03:14:05.000Z' });
  t.match(await run(['renew', 'l-9', '--ttl', '1'], { daemon }), { status: 1, stderr: /no lease l-9/ });
  for (const wrong of [['l-2'], ['--ttl', '5'], ['l-2', '--ttl', '0'], ['l-2', '--ttl', 'x']])
    t.equal((await run(['renew', ...wrong], { daemon })).status, 2, wrong.join(' '));
});

t.test('release gives back every lease that is named, past failures', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(2), leaseOf(3), leaseOf(4), leaseOf(5)];
  t.strictSame((await run(['release', 'l-2', 'l-4'], { daemon })).stdout, 'released l-2\nreleased l-4\n');
  t.strictSame(daemon.activeLeases, [leaseOf(3), leaseOf(5)]);
  daemon.failures.set('release', new NetnsdError('internal', 'broken'));
  const { status, stderr } = await run(['release', 'l-3', 'l-5'], { daemon });
  t.strictSame([status, stderr], [1, 'netnsd: cannot release l-3: broken; l-5: broken\n']);
});

t.test('a release of a lease that is not there says so, and is no failure', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(2)];
  const { status, stdout, stderr } = await run(['release', 'l-1', 'l-2'], { daemon });
  t.strictSame([status, stdout], [0, 'released l-2\n']);
  t.equal(stderr, 'netnsd: there is no lease l-1: nothing was released\n');
});

t.test('inspect of a container names its leases', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(2, { containerId: 'hello' }), leaseOf(3, { containerId: 'web-1' })];
  for (const [container, lease] of [
    ['hello', 'l-2'],
    ['web-1', 'l-3'],
  ] as const) {
    const message = `${container} is a container, and inspect takes leases and endpoints: \`netnsd inspect ${lease}\``;
    t.match(await run(['inspect', container], { daemon }), { status: 1, stderr: `netnsd: ${message}\n` });
  }
  t.match(await run(['inspect', 'unknown'], { daemon }), { status: 1, stderr: 'netnsd: there is no lease unknown\n' });
});

t.test('release --id gives back what the container holds, which may be nothing', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [leaseOf(2, { containerId: 'a' }), leaseOf(3, { containerId: 'b' })];
  t.equal((await run(['release', '--id', 'a', '--pool', 'web'], { daemon })).stdout, 'released l-2\n');
  t.strictSame(daemon.calls[0], ['leases', { containerId: 'a', pool: 'web' }]);
  const { status, stdout, stderr } = await run(['release', '--id', 'a'], { daemon });
  t.strictSame([status, stdout, stderr], [0, '', 'netnsd: container a holds no lease\n']);
});

t.test('release --id names the containers of that id which runtimes with roots of their own have', async (t) => {
  const daemon = new FakeDaemon();
  const names = ['web@0a1b2c3d', 'web@0a1b2c3d', 'web@4e5f6071', 'webshop@0a1b2c3d'];
  daemon.activeLeases = names.map((containerId, at) => leaseOf(at, { containerId }));
  const { status, stdout, stderr } = await run(['release', '--id', 'web'], { daemon });
  t.strictSame([status, stdout], [0, '']);
  t.match(stderr, 'containers of other roots: web@0a1b2c3d, web@4e5f6071\n');
  t.equal((await run(['release', '--id', 'web@4e5f6071'], { daemon })).stdout, 'released l-2\n');
});

t.test('list aligns its columns, and says on stderr that there is none', async (t) => {
  const daemon = new FakeDaemon();
  daemon.activeLeases = [
    leaseOf(2, { containerId: 'a-long\u001b[2J-name' }),
    leaseOf(13, { acquiredAt: new Date(Date.now() - 125_000).toISOString() }),
  ];
  const [heading = '', ...rows] = (await run(['list'], { daemon })).stdout.trimEnd().split('\n');
  t.equal(rows.length, 2);
  for (const name of ['POOL', 'CONTAINER', 'ADDRESS', 'PATH', 'AGE']) {
    for (const row of rows) t.match(row.slice(heading.indexOf(name) - 2), /^ {2}\S/, `${name} stands in line`);
  }
  t.match(rows[0], 'a-long\ufffd[2J-name');
  t.match(rows[1], /2 min$/);
  t.strictSame(JSON.parse((await run(['list', '--json'], { daemon })).stdout), daemon.activeLeases);
  const none = await run(['list']);
  t.strictSame([none.status, none.stdout, none.stderr], [0, '', 'netnsd: no leases\n']);
  t.equal((await run(['list', '--json'])).stdout, '[]\n');
  t.equal((await run(['list', '--id', 'a'])).stderr, 'netnsd: no lease matches\n');
});

const ID = '5f3a9c0d1e2b4a68';

t.test('inspect shows everything about a lease', async (t) => {
  const daemon = new FakeDaemon();
  const publishedPorts = ['0.0.0.0', '::'].map((hostAddress) => ({
    protocol: 'tcp' as const,
    hostAddress,
    hostPort: 8080,
    containerPort: 80,
  }));
  const lease = leaseOf(2, {
    id: ID,
    publishedPorts,
    dns: { servers: ['10.0.0.53', '10.0.0.54'], search: ['a.example'], options: [] },
  });
  daemon.activeLeases = [lease];
  const { stdout } = await run(['inspect', ID], { daemon });
  const shown = [
    ID,
    lease.netns.path,
    String(lease.netns.inode),
    '0a:58:0a:d5:00:02',
    '10.213.0.2/16, gateway 10.213.0.1',
  ];
  for (const text of [...shown, '0.0.0.0:8080 -> 80/tcp', '[::]:8080 -> 80/tcp', '10.0.0.54', 'a.example', 'never'])
    t.ok(stdout.includes(text), text);
  t.strictSame(JSON.parse((await run(['inspect', ID, '--json'], { daemon })).stdout), lease);
  const { status, stderr } = await run(['inspect', '9999999999999999'], { daemon });
  t.strictSame([status, stderr], [1, 'netnsd: there is no lease 9999999999999999\n']);
});

const EVENT = { pool: 'default', endpoint: 'default-17', containerId: null };
const REPLACED: EndpointStatus = {
  id: 'default-17',
  pool: 'default',
  state: 'gone',
  tenant: null,
  lease: null,
  reason: 'links: MTU changed',
  replaced: { time: '2026-01-02T03:04:06.000Z', kind: 'links', text: 'MTU changed' },
  events: [
    { ...EVENT, time: '2026-01-02T03:04:05.000Z', type: 'released', lease: ID, reason: 'released' },
    { ...EVENT, time: '2026-01-02T03:04:07.000Z', type: 'destroyed', lease: null, reason: 'links: MTU changed' },
  ],
};

t.test('inspect of an endpoint shows why it was replaced, and what became of it', async (t) => {
  const daemon = new FakeDaemon();
  daemon.endpoints.set('default-17', REPLACED);
  const { status, stdout } = await run(['inspect', 'default-17'], { daemon });
  t.equal(status, 0);
  t.strictSame(daemon.calls, [['endpoint', 'default-17']], 'no lease has such an id, so none is asked for');
  t.match(stdout, /^replaced +2026-01-02T03:04:06.000Z {2}links: MTU changed$/m);
  t.match(stdout, /^state +gone$/m);
  t.match(
    stdout,
    /^events +2026-01-02T03:04:05.000Z {2}released +default-17 {2}lease 5f3a9c0d1e2b4a68 {2}\(released\)$/m,
  );
  t.match(stdout, /^ +2026-01-02T03:04:07.000Z {2}destroyed +default-17 {2}\(links: MTU changed\)$/m);
  const json = await run(['inspect', 'default-17', '--json'], { daemon });
  t.strictSame(JSON.parse(json.stdout), REPLACED);
});

t.test('inspect of an endpoint that is there shows where it is and who has it', async (t) => {
  const daemon = new FakeDaemon();
  const { netns, interface: link, addresses } = leaseOf(3);
  const { replaced: _, ...rest } = REPLACED;
  const leased = { ...rest, state: 'leased' as const, tenant: 'acme', lease: ID, reason: null, events: [] };
  daemon.endpoints.set('default-3', { ...leased, id: 'default-3', netns, interface: link, addresses });
  const { stdout } = await run(['inspect', 'default-3'], { daemon });
  for (const line of [
    /^tenant +acme$/m,
    /^replaced +no$/m,
    /^lease +5f3a9c0d1e2b4a68$/m,
    /^events +-$/m,
    /^reason +-$/m,
  ])
    t.match(stdout, line);
  for (const text of [netns.path, String(netns.inode), link.mac, link.hostName, '10.213.0.3/16, gateway 10.213.0.1'])
    t.ok(stdout.includes(text), text);
  const none = await run(['inspect', 'default-99'], { daemon });
  t.strictSame([none.status, none.stderr], [1, 'netnsd: nothing is known of default-99\n']);
});
