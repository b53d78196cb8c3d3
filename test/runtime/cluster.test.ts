import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { answerIn, ask } from './port-traffic.js';

const HERE = '/proc/self/ns/net';
const NODE = '/run/netns/node-2';
const BEYOND = '/run/netns/beyond';

/** Another node of the cluster with the pods 10.244.2.0/24, a machine beyond it, and flannel's interface and routes on this one. */
function cluster(t: Test): void {
  const commands = [
    'netns add node-2',
    'netns add beyond',
    'link add node0 type veth peer name eth0 netns node-2',
    'address add 192.0.2.1/24 dev node0',
    'link set node0 up',
    '-n node-2 address add 192.0.2.2/24 dev eth0',
    '-n node-2 link set lo up',
    '-n node-2 address add 10.244.2.9/32 dev lo',
    '-n node-2 link set eth0 up',
    '-n node-2 route add 10.244.1.0/24 via 192.0.2.1 src 10.244.2.9',
    'link add flannel.1 type bridge',
    'address add 10.244.1.0/32 dev flannel.1',
    'link set flannel.1 up',
    'route add 10.244.2.0/24 via 192.0.2.2',
    'link add beyond0 type veth peer name eth0 netns beyond',
    'address add 198.51.100.1/24 dev beyond0',
    'link set beyond0 up',
    '-n beyond address add 198.51.100.2/24 dev eth0',
    '-n beyond link set lo up',
    '-n beyond link set eth0 up',
    '-n beyond route add 10.244.0.0/16 via 198.51.100.1',
  ];
  for (const command of commands) execaSync('ip', command.split(' '));
  t.teardown(() => {
    for (const link of ['node0', 'beyond0', 'flannel.1']) execaSync('ip', ['link', 'delete', link]);
    for (const netns of ['node-2', 'beyond']) execaSync('ip', ['netns', 'delete', netns]);
  });
}

t.test("a pool with the node's part of the cluster's network, by flannel's file", async (t) => {
  cluster(t);
  const file = join(mkdtempSync(join(tmpdir(), 'flannel-')), 'subnet.env');
  const flannel = (masquerades: boolean) =>
    `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=${masquerades}\n`;
  writeFileSync(file, flannel(false));
  await using daemon = await startDaemon(
    t,
    `reconcile_seconds = 3600\n[pools.pods]\nsubnet_file = "${file}"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\n`,
  );
  const lease = await daemon.acquire('--pool', 'pods');
  const address = lease.addresses[0]?.address.split('/')[0] ?? '';
  t.match(lease, {
    interface: { mtu: 1450 },
    addresses: [{ address: /^10\.244\.1\.\d+\/24$/, gateway: '10.244.1.1' }],
  });
  await answerIn(t, NODE, 80, 'node');
  await answerIn(t, BEYOND, 80, 'beyond');
  await answerIn(t, lease.netns.path, 80, 'pod');
  t.equal(
    await ask(lease.netns.path, 'tcp', '10.244.2.9', 80),
    `node source=${address}`,
    "another node's pods see its address",
  );
  t.equal(await ask(NODE, 'tcp', address, 80), 'pod source=10.244.2.9', 'and reach it');
  t.equal(
    await ask(lease.netns.path, 'tcp', '198.51.100.2', 80),
    'beyond source=198.51.100.1',
    "others see the host's",
  );
  t.equal(await ask(BEYOND, 'tcp', address, 80), 'nothing', 'and do not reach it');
  t.match(await ask(HERE, 'tcp', address, 80), 'pod');

  writeFileSync(file, flannel(true));
  await execa('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  t.teardown(() => execa('sysctl', ['-qw', 'net.ipv4.ip_forward=0']));
  await daemon.stop('SIGTERM');
  daemon.start();
  await daemon.answers();
  await eventually(
    'masquerading is left to flannel',
    async () => (await ask(BEYOND, 'tcp', address, 80)) === 'pod source=198.51.100.2',
  );
});
