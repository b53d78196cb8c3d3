import { readFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';

/** A host beyond this one. */
const BEYOND = { name: 'beyond', addresses: ['192.0.2.2', '2001:db8::2'] as const };
const MOST = 8;
const MANY = 3000;

const POOLS = `
reconcile_seconds = 3600
[pools.few]
subnet = "10.213.0.0/24"
subnet6 = "fd00:213::/64"
min_ready = 2
max = 8
sizing = "fixed"
max_connections = ${MOST}
[pools.slow]
subnet = "10.214.0.0/24"
min_ready = 1
max = 8
sizing = "fixed"
max_connections_per_second = 5
[pools.open]
subnet = "10.215.0.0/24"
min_ready = 1
max = 8
sizing = "fixed"
`;

/** Takes connections of both families at port 8080 and keeps them until the client ends. */
const SERVER = `
import selectors, socket
selector = selectors.DefaultSelector()
listener = socket.create_server(('::', 8080), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener: selector.register(listener.accept()[0], selectors.EVENT_READ)
        elif key.fileobj.recv(64) == b'': selector.unregister(key.fileobj); key.fileobj.close()
`;

/** Opens so many connections, says how many it has, and keeps them until its input ends. */
const CLIENT = `
import socket, sys
held = []
for _ in range(int(sys.argv[2])):
    try: held.append(socket.create_connection((sys.argv[1], 8080), timeout=60))
    except OSError: pass
print(len(held), flush=True)
sys.stdin.read()
for one in held: one.close()
`;

/** One packet from each of so many ports. */
const SPRAY = `
import socket, sys
for _ in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(b'x', (sys.argv[1], 9))
    one.close()
`;

function beyondTheHost(t: Test): void {
  const inside = `-n ${BEYOND.name}`;
  const commands = [
    `netns add ${BEYOND.name}`,
    `link add uplink0 type veth peer name eth0 netns ${BEYOND.name}`,
    'address add 192.0.2.1/24 dev uplink0',
    'address add 2001:db8::1/64 dev uplink0 nodad',
    'link set uplink0 up',
    `${inside} link set lo up`,
    `${inside} address add 192.0.2.2/24 dev eth0`,
    `${inside} address add 2001:db8::2/64 dev eth0 nodad`,
    `${inside} link set eth0 up`,
  ];
  for (const command of commands) execaSync('ip', command.split(' '));
  const server = execa('nsenter', [`--net=/run/netns/${BEYOND.name}`, 'python3', '-c', SERVER], { reject: false });
  t.teardown(() => {
    server.kill('SIGKILL');
    execaSync('ip', ['link', 'delete', 'uplink0']);
    execaSync('ip', ['netns', 'delete', BEYOND.name]);
  });
}

/** How many of `wanted` connections a container gets; `close` ends them. */
async function connections(path: string, { to, wanted }: { to: string; wanted: number }) {
  const client = execa('nsenter', [`--net=${path}`, 'python3', '-c', CLIENT, to, `${wanted}`], { reject: false });
  const count = await new Promise<number>((resolve) => client.stdout.once('data', (text) => resolve(Number(text))));
  const close = async (): Promise<void> => {
    client.stdin.end();
    await client;
  };
  return { count, close };
}

/** Of the host, as the kernel counts them. */
const tracked = (): number => Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_count', 'utf8'));

/** How many connections the host tracks more when a container has sent from so many ports, and the seconds that took. */
async function spray(path: string): Promise<{ more: number; seconds: number }> {
  const [before, start] = [tracked(), performance.now()];
  await execa('nsenter', [`--net=${path}`, 'python3', '-c', SPRAY, BEYOND.addresses[0], `${MANY}`]);
  return { more: tracked() - before, seconds: (performance.now() - start) / 1000 };
}

t.test('a container has as many connections as its pool allows, and the host tracks no more of it', async (t) => {
  beyondTheHost(t);
  await using daemon = await startDaemon(t, POOLS);
  const pathIn = async (pool: string): Promise<string> => (await daemon.acquire('--pool', pool)).netns.path;
  const [few, other, open] = [await pathIn('few'), await pathIn('few'), await pathIn('open')];
  await eventually('the server listens', async () => {
    const { count, close } = await connections('/proc/self/ns/net', { to: BEYOND.addresses[0], wanted: 1 });
    await close();
    return count === 1;
  });
  for (const to of BEYOND.addresses) {
    const held = await connections(few, { to, wanted: MOST + 3 });
    t.equal(held.count, MOST, to);
    const others = await connections(other, { to, wanted: MOST });
    t.equal(others.count, MOST, `${to}: another container of the pool has as many of its own`);
    await others.close();
    await held.close();
    await eventually(`${to}: what is closed counts no more`, async () => {
      const again = await connections(few, { to, wanted: MOST });
      await again.close();
      return again.count === MOST;
    });
  }
  const unlimited = await connections(open, { to: BEYOND.addresses[0], wanted: 3 * MOST });
  t.equal(unlimited.count, 3 * MOST, 'a pool without a limit');
  await unlimited.close();

  t.ok((await spray(open)).more > MANY / 2, 'a container fills the table of connections');
  t.ok((await spray(few)).more <= 2 * MOST, 'one of a pool with max_connections does not');
  const { more, seconds } = await spray(await pathIn('slow'));
  t.ok(more > 0 && more <= 10 + 5 * (seconds + 1), `one with max_connections_per_second: ${more} in ${seconds} s`);

  await execa('nft', ['flush', 'ruleset']);
  await eventually('the limit is restored', async () => {
    const held = await connections(few, { to: BEYOND.addresses[0], wanted: MOST + 2 });
    await held.close();
    return held.count === MOST;
  });
  t.match(await daemon.cli('inspect', 'few'), /^max_connections +8$/m);
});
