import { readFileSync, writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';

/** A host beyond this one: its addresses, a cloud's metadata address, and what it says by way of router advertisements is in `advertise`. */
const [HOST, BEYOND, METADATA] = ['2001:db8::1', '2001:db8::2', 'fd00:ec2::254'];
const PORT = 8080;
const SERVER = `
const { createServer } = require('node:net');
const [host, port] = process.argv.slice(1);
createServer((socket) => socket.end(socket.remoteAddress)).listen(port, host);
const udp = require('node:dgram').createSocket('udp6');
udp.on('message', (_, { address, port }) => udp.send(address, port, address)).bind(53, host);
`;
const CLIENT = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port }).setTimeout(10000);
socket.on('timeout', () => socket.destroy(new Error('timeout')));
socket.on('error', ({ code, message }) => { process.stdout.write('error ' + (code ?? message)); process.exit(0); });
socket.on('data', (data) => process.stdout.write(data)).on('close', () => process.exit(0));
`;
const QUESTION = `
const [host, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp6').on('message', (data) => { process.stdout.write(data); process.exit(0); });
setInterval(() => socket.send('?', port, host), 100);
setTimeout(() => process.exit(0), 10000);
`;
const POOLS = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
subnet6 = "fd00:213::/64"
min_ready = 2
max = 8
sizing = "fixed"
publish = ["8080/tcp", "53/udp"]
publish_range = "30000-30063"
[pools.closed]
subnet = "10.214.0.0/24"
subnet6 = "fd00:214::/64"
min_ready = 1
max = 8
sizing = "fixed"
host_access = false
`;

function beyondTheHost(t: Test): void {
  for (const command of [
    'netns add beyond',
    'link add uplink0 type veth peer name eth0 netns beyond',
    `address add ${HOST}/64 dev uplink0 nodad`,
    'link set uplink0 up',
    '-n beyond link set lo up',
    `-n beyond address add ${BEYOND}/64 dev eth0 nodad`,
    `-n beyond address add ${METADATA}/128 dev lo nodad`,
    '-n beyond link set eth0 up',
    // What a neighbour does who wants in.
    `-n beyond route add fd00:213::/64 via ${HOST}`,
    `route add ${METADATA}/128 via ${BEYOND}`,
  ])
    execaSync('ip', command.split(' '));
  t.teardown(() => execaSync('ip', ['netns', 'delete', 'beyond']));
}

const run = (path: string, ...command: string[]) => execa('nsenter', [`--net=${path}`, ...command], { reject: false });
/** What the server says: whose address it sees; or the error. */
const connect = async (path: string, host: string, port = PORT): Promise<string> =>
  (await run(path, process.execPath, '-e', CLIENT, host, `${port}`)).stdout;
const ask = async (path: string, host: string, port: number): Promise<string> =>
  (await run(path, process.execPath, '-e', QUESTION, host, `${port}`)).stdout;

async function serveIn(t: Test, path: string, host: string): Promise<void> {
  const server = run(path, process.execPath, '-e', SERVER, host, `${PORT}`);
  t.teardown(() => server.kill('SIGKILL'));
  await eventually(`${host} answers`, async () => !(await connect(path, host)).startsWith('error'));
}

const sysctl = (name: string): string => readFileSync(`/proc/sys/net/ipv6/conf/${name}`, 'utf8').trim();
const ipv6Of = ({ addresses }: { addresses: readonly { address: string }[] }): string =>
  (addresses[1]?.address ?? '').replace(/\/.*/, '');

t.test('IPv6 of a dual-stack pool: out, in by published ports, and nothing else', async (t) => {
  beyondTheHost(t);
  const [beyond, here] = ['/run/netns/beyond', '/proc/self/ns/net'];
  await serveIn(t, beyond, BEYOND);
  await serveIn(t, beyond, METADATA);
  await serveIn(t, here, HOST);
  execaSync('ip', ['-6', 'route', 'add', 'default', 'via', BEYOND, 'proto', 'ra']);
  t.strictSame(['all/forwarding', 'uplink0/accept_ra'].map(sysctl), ['0', '1']);
  await using daemon = await startDaemon(t, POOLS);
  t.strictSame(['all/forwarding', 'uplink0/accept_ra', 'uplink0/forwarding'].map(sysctl), ['1', '2', '1']);
  t.match(daemon.log(), /switched on forwarding of IPv6/);

  const lease = await daemon.acquire();
  const other = await daemon.acquire();
  const closed = await daemon.acquire('--pool', 'closed');
  t.match(lease.addresses, [{ gateway: '10.213.0.1' }, { gateway: 'fd00:213::1' }]);
  t.match(lease.routes, [{ destination: '0.0.0.0/0' }, { destination: '::/0', gateway: 'fd00:213::1' }]);
  const inner = ipv6Of(lease);
  t.notMatch(execaSync('nsenter', [`--net=${lease.netns.path}`, 'ip', '-6', 'address']).stdout, 'tentative');
  await serveIn(t, lease.netns.path, inner);

  t.equal(await connect(lease.netns.path, BEYOND), HOST, 'out, with the address of the host');
  t.match(await connect(lease.netns.path, METADATA), /^error E/, "a cloud's metadata is refused");
  t.equal(await connect(lease.netns.path, HOST), inner, 'the host sees the address of the container');
  t.equal(await connect(closed.netns.path, BEYOND), HOST);
  for (const address of [HOST, 'fd00:214::1', 'fe80::1%eth0'])
    t.match(await connect(closed.netns.path, address), /^error (EACCES|EHOSTUNREACH|EPERM)/, `host_access: ${address}`);
  t.equal(await connect(other.netns.path, inner), ipv6Of(other), 'another one of its pool reaches it');
  t.equal(await connect(here, inner), 'fd00:213::1', 'so does the host');
  t.match(await connect(closed.netns.path, inner), /^error/, 'another pool does not');
  t.equal(await connect(beyond, inner), 'error timeout', 'nor does a neighbour who routes to it');

  const ports = lease.publishedPorts.filter(({ hostAddress }) => hostAddress === '::');
  t.match(ports, [
    { protocol: 'tcp', containerPort: PORT },
    { protocol: 'udp', containerPort: 53 },
  ]);
  const [tcp, udp] = ports.map(({ hostPort }) => hostPort) as [number, number];
  t.equal(await connect(beyond, HOST, tcp), BEYOND, 'a published port, from another machine, whose address it sees');
  t.equal(await ask(beyond, HOST, udp), BEYOND, 'UDP');
  t.equal(await connect(here, HOST, tcp), HOST, 'from the host by its address');
  t.equal(await connect(lease.netns.path, HOST, tcp), 'fd00:213::1', 'from itself');
  t.equal(await connect(other.netns.path, HOST, tcp), 'fd00:213::1', 'from another one of its pool');
  t.match(await connect(here, '::1', tcp), /^error ECONNREFUSED/, 'by ::1 the kernel lets nothing through');

  await execa('nft', ['flush', 'ruleset']);
  await eventually('the rules are restored', async () => (await connect(lease.netns.path, BEYOND)) === HOST);
  writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', '0');
  await eventually('forwarding is on again', () => sysctl('all/forwarding') === '1');
  const uplink =
    /nb[a-z2-7]{4}-[a-z2-7]{4}(?=.*\n.*fd00:213::1\/64)/s.exec(execaSync('ip', ['-6', 'address']).stdout)?.[0] ?? '';
  await execa('ip', ['address', 'delete', 'fd00:213::1/64', 'dev', uplink]);
  t.match(await daemon.send('POST', '/v1/reconcile', { fix: true }), { status: 200 });
  t.equal(await connect(lease.netns.path, BEYOND), HOST, 'a gateway that lost its address has it back');

  await daemon.stop('SIGKILL');
  t.equal(await connect(beyond, HOST, tcp), BEYOND, 'while no daemon runs');
  daemon.start();
  await daemon.answers();
  t.match((await daemon.leases()).find(({ id }) => id === lease.id)?.addresses, lease.addresses);
  t.equal(await connect(lease.netns.path, BEYOND), HOST);
  await daemon.down();
  t.strictSame(['all/forwarding', 'uplink0/accept_ra'].map(sysctl), ['0', '1'], 'the host is as it was');
  t.match(execaSync('ip', ['-6', 'route', 'show', 'default']).stdout, 'proto ra', 'with its default route');
  t.notMatch(execaSync('nft', ['list', 'tables']).stdout, 'netnsd-');
});

t.test('a pool that gets subnet6, and loses it again: leases stand as they were built', async (t) => {
  const dual =
    '[pools.default]\nsubnet = "10.213.0.0/24"\nsubnet6 = "fd00:213::/64"\nmin_ready = 1\nmax = 4\nsizing = "fixed"\n';
  const single = dual.replace(/subnet6.*\n/, '');
  await using daemon = await startDaemon(t, single);
  const first = await daemon.acquire();
  t.equal(first.addresses.length, 1);
  const pings = async (path: string, to: string) =>
    (await run(path, 'busybox', 'ping', '-c1', '-W10', to)).exitCode === 0;
  for (const [config, families] of [
    [dual, 2],
    [single, 1],
  ] as const) {
    writeFileSync(daemon.configFile, config);
    await daemon.stop('SIGTERM');
    daemon.start();
    await daemon.answers();
    await daemon.filled();
    const lease = await daemon.acquire();
    t.equal(lease.addresses.length, families);
    t.ok(await pings(lease.netns.path, first.addresses[0]?.address.replace(/\/.*/, '') ?? ''));
    if (families === 2) t.ok(await pings(lease.netns.path, 'fd00:213::1'));
  }
  const standing = (await daemon.leases()).find(({ addresses }) => addresses.length === 2);
  t.ok(await pings(standing?.netns.path ?? '', 'fd00:213::1'), 'a lease with an address of IPv6 keeps its gateway');
});
