import { existsSync } from 'node:fs';
import t from 'tap';
import { startContainerd } from './containerd.js';
import { startDaemon } from './daemon.js';
import { answersPing, eventually } from './eye.js';

t.test('containerd runs containers on pooled namespaces, and their release leaves nothing', async (t) => {
  await using containerd = await startContainerd(t);
  await using daemon = await startDaemon(
    t,
    '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 8\nrecycle = "replace"\n',
  );
  const peer = await daemon.acquire('--id', 'peer');
  const lease = await daemon.acquire('--id', 'guest');
  const [address, peerAddress] = [lease, peer].map((one) => one.addresses[0]?.address as string) as [string, string];
  const peerIp = peerAddress.split('/')[0] as string;
  const gateway = lease.addresses[0]?.gateway as string;

  const stdout = await containerd.run(
    'guest',
    lease.netns.path,
    `ip address show eth0; ip route; for target in ${gateway} ${peerIp}; do ping -c1 -W10 $target; done`,
  );
  t.match(stdout, `inet ${address} `, 'the address is that of the lease');
  t.match(stdout, `link/ether ${lease.interface.mac} `, 'the MAC is that of the lease');
  t.match(stdout, `default via ${gateway} dev eth0`, 'the default route goes to the gateway');
  t.match(stdout, `PING ${gateway}`);
  t.match(stdout, `PING ${peerIp}`);
  t.equal(stdout.match(/1 packets received/g)?.length, 2, 'the container reaches its gateway and its neighbour');

  await daemon.cli('release', '--id', 'guest');
  await eventually('the namespace is gone', () => !existsSync(lease.netns.path));
  await eventually('its address does not answer', async () => !(await answersPing(address.split('/')[0] as string)));
  t.ok(await answersPing(peerIp), 'the other lease is not disturbed');
});

t.test('two containers of containerd run side by side and reach each other', async (t) => {
  await using containerd = await startContainerd(t);
  await using daemon = await startDaemon(
    t,
    '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 8\nrecycle = "replace"\n',
  );
  const server = await daemon.acquire('--id', 'server');
  const client = await daemon.acquire('--id', 'client');
  const ip = server.addresses[0]?.address.split('/')[0] as string;
  const serving = containerd.run('server', server.netns.path, 'echo hello from the server | nc -l -p 8080');
  const wait = `until nc -w 1 ${ip} 8080; do sleep 0.1; done`;
  const stdout = await containerd.run('client', client.netns.path, wait);
  t.equal(stdout, 'hello from the server', 'TCP passes between them');
  await serving;
});
