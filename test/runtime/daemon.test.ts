import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { FRONT, startDaemon } from './daemon.js';
import { answersPing, eventually, hubLinks, links, mountsBelow } from './eye.js';

const TWO_POOLS = `
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 3
max = 6
[pools.cold]
subnet = "10.214.0.0/24"
min_ready = 0
max = 4
`;

t.test('each pool of the configuration fills itself on a network of its own', async (t) => {
  await using daemon = await startDaemon(
    t,
    `${TWO_POOLS}[pools.extra]\nsubnet = "10.215.0.0/24"\nmin_ready = 1\nmax = 2\n`,
  );
  const ready = Object.fromEntries((await daemon.pools()).map((pool) => [pool.name, pool.ready]));
  t.same(ready, { default: 3, cold: 0, extra: 1 });
  const seen = await links();
  const gateways = seen.flatMap((link) => link.addr_info.map((one) => one.local));
  for (const gateway of ['10.213.0.1', '10.214.0.1', '10.215.0.1']) {
    t.ok(gateways.includes(gateway), `${gateway} is there for its pool`);
  }
  const lease = await daemon.acquire('--pool', 'extra', '--id', 'one');
  t.match(lease.addresses[0]?.address, /^10\.215\.0\.\d+\/24$/, 'a lease of a pool is of its subnet');
  t.ok(await answersPing(lease.addresses[0]?.address.split('/')[0] as string));
});

t.test('both threads of the daemon run by the code that the build kept', async (t) => {
  await using daemon = await startDaemon(t, TWO_POOLS, { program: [FRONT], wrapper: ['env', 'NODE_DEBUG=netnsd'] });
  const used = [...daemon.log().matchAll(/([a-z-]+)\.code\.js: the code that was kept is (\w+)/g)];
  t.same(
    used.map(([, file, what]) => `${file} ${what}`),
    ['netnsd-daemon used', 'thread-main used'],
  );
});

t.test('a lease is what the kernel has: link, MAC, MTU, address, and the link on the host', async (t) => {
  await using daemon = await startDaemon(t, TWO_POOLS);
  const lease = await daemon.acquire('--id', 'one');
  const seen = await links(lease.netns.path);
  t.same(seen.map((link) => link.ifname).sort(), ['eth0', 'lo'], 'two links and no more');
  const eth0 = seen.find((link) => link.ifname === 'eth0');
  t.equal(eth0?.address, lease.interface.mac);
  t.equal(eth0?.mtu, lease.interface.mtu);
  t.equal(eth0?.operstate, 'UP');
  const inet = eth0?.addr_info.filter((one) => one.family === 'inet');
  t.same(
    inet?.map((one) => `${one.local}/${one.prefixlen}`),
    [lease.addresses[0]?.address],
  );
  const end = (await hubLinks(daemon)).find((link) => link.ifname === lease.interface.hostName);
  t.equal(end?.operstate, 'UP', 'its other end is up in the hub');
});

t.test('an empty pool serves a cold lease that works like a warm one', async (t) => {
  await using daemon = await startDaemon(t, TWO_POOLS);
  t.equal((await daemon.acquire('--pool', 'default', '--id', 'warm')).source, 'warm');
  const cold = await daemon.acquire('--pool', 'cold', '--id', 'cold');
  t.equal(cold.source, 'cold');
  t.ok(await answersPing(cold.addresses[0]?.address.split('/')[0] as string));
});

t.test('whatever a daemon is at after its start, it ends when it is taken down, and leaves nothing', async (t) => {
  await using daemon = await startDaemon(t, TWO_POOLS);
  for (const afterMs of [0, 300]) {
    await delay(afterMs);
    await daemon.down();
    t.notOk(existsSync(daemon.stateDir), `${afterMs} ms after its first answer`);
    t.notMatch(daemon.log(), /"level":[456]0/);
    daemon.start();
    await daemon.answers();
  }
});

t.test('a daemon that is stopped leaves its leases alone', async (t) => {
  await using daemon = await startDaemon(t, TWO_POOLS);
  const lease = await daemon.acquire('--id', 'one');
  t.equal(await daemon.stop('SIGTERM'), 0, 'SIGTERM is a clean end');
  t.ok(existsSync(lease.netns.path), 'the namespace is still mounted');
  t.ok(await answersPing(lease.addresses[0]?.address.split('/')[0] as string), 'and its address answers');
});

for (const alive of [true, false]) {
  t.test(`netnsd down leaves nothing with the daemon ${alive ? 'alive' : 'dead'}`, async (t) => {
    const before = (await links()).map((link) => link.ifname);
    await using daemon = await startDaemon(t, TWO_POOLS);
    const lease = await daemon.acquire('--id', 'one');
    await daemon.acquire('--pool', 'cold', '--id', 'two');
    if (!alive) await daemon.stop('SIGKILL');
    await daemon.down();
    t.same(
      (await links()).map((link) => link.ifname),
      before,
      'no link',
    );
    t.same(mountsBelow(daemon.stateDir), [], 'no mount');
    t.notOk(existsSync(lease.netns.path), 'no namespace');
    const left = existsSync(daemon.stateDir) ? readdirSync(daemon.stateDir, { recursive: true }) : [];
    t.same(left, [], 'no file in the state directory');
    t.notOk(existsSync(daemon.socket), 'no socket');
    await eventually('the daemon has ended', () => !existsSync(`/proc/${daemon.pid}/exe`));
  });
}
