import { readFileSync, writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

/** A host beyond this one, and what it listens on: its own address, a cloud's metadata address, and another network behind it. */
const BEYOND = { name: 'beyond', link: 'uplink0', host: '192.0.2.1', address: '192.0.2.2' };
const METADATA = '169.254.169.254';
const ELSEWHERE = ['198.51.100.7', '203.0.113.7'] as const;
const PORT = 8080;

const POOLS = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 2
max = 8
sizing = "fixed"
[pools.closed]
subnet = "10.214.0.0/24"
min_ready = 2
max = 8
sizing = "fixed"
host_access = false
egress_deny = ["0.0.0.0/0"]
egress_allow = ["198.51.100.0/24"]
[pools.island]
subnet = "10.215.0.0/24"
min_ready = 2
max = 8
sizing = "fixed"
masquerade = false
`;

/** Answers each connection with the address that it came from. */
const SERVER = `
const { createServer } = require('node:net');
for (const place of process.argv.slice(1)) {
  const [host, port] = place.split(':');
  createServer((socket) => socket.end(socket.remoteAddress)).listen(port, host);
}
`;

/** The same by UDP. */
const ECHO = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (_, { address, port }) => socket.send(address, port, address)).bind(53, process.argv[1]);
`;

const QUESTION = `
const [host, port] = process.argv[1].split(':');
const socket = require('node:dgram').createSocket('udp4').on('message', (data) => { process.stdout.write(data); process.exit(0); });
socket.on('error', ({ code }) => process.stdout.write('error ' + code));
setInterval(() => socket.send('?', port, host), 100);
setTimeout(() => process.exit(0), 10000);
`;

const CLIENT = `
const [host, port] = process.argv[1].split(':');
const socket = require('node:net').connect({ host, port: port ?? ${PORT} }).setTimeout(10000);
socket.on('timeout', () => socket.destroy(new Error('timeout')));
socket.on('error', ({ code, message }) => { process.stdout.write('error ' + (code ?? message)); process.exit(0); });
socket.on('data', (data) => process.stdout.write(data)).on('close', () => process.exit(0));
`;

function beyondTheHost(t: Test): void {
  const { name, link, host, address } = BEYOND;
  const commands = [
    `netns add ${name}`,
    `link add ${link} type veth peer name eth0 netns ${name}`,
    `address add ${host}/24 dev ${link}`,
    `link set ${link} up`,
    `-n ${name} link set lo up`,
    `-n ${name} address add ${address}/24 dev eth0`,
    ...[METADATA, ...ELSEWHERE].map((one) => `-n ${name} address add ${one}/32 dev lo`),
    `-n ${name} link set eth0 up`,
    // What a neighbour does who wants in.
    `-n ${name} route add 10.0.0.0/8 via ${host}`,
    ...[METADATA, ...ELSEWHERE].map((one) => `route add ${one}/32 via ${address}`),
  ];
  for (const command of commands) execaSync('ip', command.split(' '));
  t.teardown(() => {
    execaSync('ip', ['link', 'delete', link]);
    execaSync('ip', ['netns', 'delete', name]);
  });
}

/** A server on these addresses, in the namespace at `path`; it listens when this resolves, and ends with the test. */
async function serveIn(t: Test, path: string, ...addresses: string[]): Promise<void> {
  const places = addresses.map((address) => (address.includes(':') ? address : `${address}:${PORT}`));
  const server = execa('nsenter', [`--net=${path}`, process.execPath, '-e', SERVER, ...places], { reject: false });
  t.teardown(() => server.kill('SIGKILL'));
  for (const address of addresses)
    await eventually(`${address} answers`, async () => !(await connect(path, address)).startsWith('error'));
}

/** What a server at `address` says to a client in the namespace at `path`: the address that it sees; or the error. */
async function connect(path: string, address: string): Promise<string> {
  return (await execa('nsenter', [`--net=${path}`, process.execPath, '-e', CLIENT, address])).stdout;
}

/** A server by UDP at port 53, which ends with the test; `ask` asks until it answers. */
async function echoIn(t: Test, path: string, address: string): Promise<void> {
  const server = execa('nsenter', [`--net=${path}`, process.execPath, '-e', ECHO, address], { reject: false });
  t.teardown(() => server.kill('SIGKILL'));
}

async function ask(path: string, place: string): Promise<string> {
  return (await execa('nsenter', [`--net=${path}`, process.execPath, '-e', QUESTION, place])).stdout;
}

const pathIn = async (daemon: Daemon, pool: string): Promise<string> =>
  (await daemon.acquire('--pool', pool)).netns.path;
const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim();
const tables = (): string => execaSync('nft', ['list', 'tables']).stdout;

t.test('containers reach out with the address of the host, and nothing reaches in', async (t) => {
  beyondTheHost(t);
  const beyond = `/run/netns/${BEYOND.name}`;
  await serveIn(t, beyond, BEYOND.address, METADATA, ...ELSEWHERE);
  await serveIn(t, '/proc/self/ns/net', BEYOND.host);
  t.equal(forwarding(), '0');
  await using daemon = await startDaemon(t, POOLS);
  t.equal(forwarding(), '1');
  t.match(daemon.log(), /switched on forwarding/);

  const open = await pathIn(daemon, 'default');
  for (const address of [BEYOND.address, ...ELSEWHERE]) t.equal(await connect(open, address), BEYOND.host, address);
  t.match(await connect(open, BEYOND.host), /^10\.213\.0\./, 'the host sees the address of the container');
  t.match(await connect(open, METADATA), /^error E/, "a cloud's metadata is refused");

  const closed = await pathIn(daemon, 'closed');
  t.equal(await connect(closed, ELSEWHERE[0]), BEYOND.host, 'what egress_allow has');
  t.match(await connect(closed, ELSEWHERE[1]), /^error E/, 'what it has not');
  t.match(await connect(closed, BEYOND.host), /^error E/, 'the host');
  const island = await pathIn(daemon, 'island');
  t.match(await connect(island, BEYOND.address), /^10\.215\.0\./, 'without masquerade it is seen with its own address');

  const { addresses, netns } = await daemon.acquire();
  const inner = (addresses[0]?.address ?? '').replace(/\/.*/, '');
  await serveIn(t, netns.path, inner);
  t.match(await connect('/proc/self/ns/net', inner), /^10\.213\.0\.1$/, 'the host reaches a container');
  t.match(await connect(open, inner), /^10\.213\.0\./, 'so does another one of its pool');
  t.equal(await connect(beyond, inner), 'error timeout', 'a neighbour who routes to it does not');
  t.match(await connect(closed, inner), /^error/, 'nor does another pool');

  await execa('nft', ['flush', 'ruleset']);
  await eventually('the rules are restored', async () => (await connect(open, BEYOND.address)) === BEYOND.host);
  t.equal(await connect(beyond, inner), 'error timeout');
  await execa('sysctl', ['-qw', 'net.ipv4.ip_forward=0']);
  await eventually('forwarding is on again', () => forwarding() === '1');

  await daemon.stop('SIGKILL');
  t.equal(await connect(open, BEYOND.address), BEYOND.host, 'containers keep their network while no daemon runs');
  daemon.start();
  await daemon.answers();
  t.equal(await connect(open, BEYOND.address), BEYOND.host);
  await daemon.down();
  t.equal(forwarding(), '0');
  t.notMatch(tables(), 'netnsd-');
});

const PUBLISHING = `
reconcile_seconds = 3600
[pools.web]
subnet = "10.216.0.0/24"
min_ready = 2
max = 8
sizing = "fixed"
publish = ["8080/tcp", "53/udp"]
publish_range = "30000-30063"
host_access = false
`;

t.test('a published port leads to its container from everywhere, and to nothing else', async (t) => {
  beyondTheHost(t);
  const beyond = `/run/netns/${BEYOND.name}`;
  await serveIn(t, '/proc/self/ns/net', '127.0.0.1:30000');
  await using daemon = await startDaemon(t, PUBLISHING);
  const [lease, other] = [await daemon.acquire('--pool', 'web'), await daemon.acquire('--pool', 'web')];
  const ports = [lease, other].flatMap(({ publishedPorts }) => publishedPorts.map(({ hostPort }) => hostPort));
  t.equal(new Set(ports).size, 4, 'each has ports of its own');
  t.notOk(ports.includes(30000), 'a port at which the host listens is passed over');
  t.match(lease.publishedPorts, [
    { protocol: 'tcp', hostAddress: '0.0.0.0', containerPort: 8080 },
    { protocol: 'udp', containerPort: 53 },
  ]);
  const [tcp, udp] = lease.publishedPorts.map(({ hostPort }) => hostPort);
  const inner = (lease.addresses[0]?.address ?? '').replace(/\/.*/, '');
  await serveIn(t, lease.netns.path, `${inner}:${PORT}`);
  await echoIn(t, lease.netns.path, inner);
  t.equal(
    await connect(beyond, `${BEYOND.host}:${tcp}`),
    BEYOND.address,
    'from another machine, whose address it sees',
  );
  t.match(await connect('/proc/self/ns/net', `127.0.0.1:${tcp}`), /^10\.216\.0\.1$/, 'from the host by 127.0.0.1');
  t.equal(await connect('/proc/self/ns/net', `${BEYOND.host}:${tcp}`), BEYOND.host, 'from the host by its address');
  t.match(await connect(lease.netns.path, `${BEYOND.host}:${tcp}`), /^10\.216\.0\.1$/, 'from itself');
  t.match(await connect(other.netns.path, `${BEYOND.host}:${tcp}`), /^10\.216\.0\.1$/, 'from another one of its pool');
  t.equal(await ask(beyond, `${BEYOND.host}:${udp}`), BEYOND.address, 'UDP');
  t.match(await connect(beyond, `${inner}:${PORT}`), 'error timeout', 'its own address leads a neighbour nowhere');
  await execa('ip', ['-n', BEYOND.name, 'route', 'add', '127.0.0.2/32', 'via', BEYOND.host]);
  t.match(await connect(beyond, `127.0.0.2:30000`), /^error/, "nor does the host's loopback");

  const before = await daemon.leases();
  await daemon.stop('SIGKILL');
  t.equal(await connect(beyond, `${BEYOND.host}:${tcp}`), BEYOND.address, 'while no daemon runs');
  writeFileSync(daemon.configFile, PUBLISHING.replace('"8080/tcp", ', '"8080/tcp", "9090/tcp", '));
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  t.strictSame(
    (await daemon.leases()).map(({ publishedPorts }) => publishedPorts),
    before.map(({ publishedPorts }) => publishedPorts),
  );
  t.equal(
    await connect(beyond, `${BEYOND.host}:${tcp}`),
    BEYOND.address,
    'a lease keeps its ports when its pool publishes others',
  );
  t.equal((await daemon.acquire('--pool', 'web')).publishedPorts.length, 3);
});

t.test('a host whose forwarding was on keeps it, and pools that need no rules have none', async (t) => {
  await execa('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  t.teardown(() => execa('sysctl', ['-qw', 'net.ipv4.ip_forward=0']));
  await using daemon = await startDaemon(t, '[pools.default]\nmasquerade = false\negress_deny = []\nmin_ready = 1\n');
  t.notMatch(tables(), 'netnsd-');
  await daemon.down();
  t.equal(forwarding(), '1');
});
