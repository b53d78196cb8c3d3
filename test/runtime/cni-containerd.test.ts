import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { cniProgram } from '../native/cni.js';
import { type Cri, startCri } from './cri.js';
import { type Daemon, startDaemon } from './daemon.js';
import { answersPing, eventually, mountsBelow } from './eye.js';

const plugin = cniProgram({ sanitized: false });
const PODS = 50;
const POOL = `
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 20
max = 100
sizing = "fixed"
`;

/** A daemon, and a containerd whose pods get its endpoints. */
async function startNode(test: Test, conflist?: object): Promise<{ daemon: Daemon; cri: Cri } & AsyncDisposable> {
  const daemon = await startDaemon(test, POOL);
  const own = {
    cniVersion: '1.0.0',
    name: 'netnsd',
    plugins: [
      {
        type: 'netnsd-cni',
        socket: daemon.socket,
        tenant: 'namespace',
        capabilities: { portMappings: true, bandwidth: true },
      },
    ],
  };
  const cri = await startCri(test, {
    plugins: [plugin, '/usr/lib/cni/bridge', '/usr/lib/cni/host-local'],
    conflist: conflist ?? own,
    classConflist: own,
  }).catch(async (error) => {
    await daemon[Symbol.asyncDispose]();
    throw error;
  });
  const dispose = async () => {
    await cri[Symbol.asyncDispose]();
    await daemon[Symbol.asyncDispose]();
  };
  return { daemon, cri, [Symbol.asyncDispose]: dispose };
}

/** The number of namespaces that containerd has mounted, overlays included. */
const mounted = () => mountsBelow('/run/netns').filter((path) => path !== '/run/netns').length;

t.test('a pod with two containers is in a pooled namespace from RunPodSandbox to StopPodSandbox', async (t) => {
  await using node = await startNode(t);
  const { cri, daemon } = node;
  const pod = { name: 'web', namespace: 'shop', sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } };
  const sandbox = await cri.runPod(pod);
  const [lease] = await daemon.leases();
  const address = await cri.addressOf(sandbox);
  t.match(lease, { tenant: 'shop', containerId: new RegExp(`^${sandbox}@[0-9a-f]{8}$`), source: 'warm' });
  t.equal(`${address}/24`, lease?.addresses[0]?.address);
  t.ok(await answersPing(address));
  const containers = [await cri.runContainer(sandbox, pod, 'one'), await cri.runContainer(sandbox, pod, 'two')];
  for (const container of containers) {
    t.match(
      await cri.exec(container, 'ip -o address show eth0; ip route'),
      new RegExp(`${address}/24[\\s\\S]*default via 10.213.0.1`),
    );
    t.match(await cri.exec(container, 'readlink /proc/self/ns/net'), `net:[${lease?.netns.inode}]`);
    t.equal((await cri.exec(container, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')).trim(), '80');
  }
  t.equal(mounted(), 2);
  await cri.call('StopPodSandbox', { 1: sandbox });
  t.strictSame(await daemon.leases(), []);
  await cri.call('StopPodSandbox', { 1: sandbox });
  await cri.call('RemovePodSandbox', { 1: sandbox });
  t.equal(mounted(), 0);
});

t.test('hostPort, a rate of its own, and a pod of the host network', async (t) => {
  await using node = await startNode(t);
  const { cri, daemon } = node;
  const annotations = { 'kubernetes.io/egress-bandwidth': '4M' };
  const pod = { name: 'port', annotations, ports: [{ containerPort: 8080, hostPort: 20080 }] };
  const sandbox = await cri.runPod(pod);
  const [lease] = await daemon.leases();
  const tc = ['tc', 'qdisc', 'show', 'dev', 'eth0'];
  t.match((await execa('nsenter', [`--net=${lease?.netns.path}`, ...tc])).stdout, /tbf .*rate 4Mbit/);
  const container = await cri.runContainer(sandbox, pod, 'one');
  await cri.exec(container, 'echo pooled > /tmp/index.html; httpd -p 8080 -h /tmp');
  const own = (await execa('ip', ['-4', '-o', 'address', 'show', 'scope', 'global'])).stdout.match(
    /inet ([\d.]+)/,
  )?.[1];
  const fetched = await execa('/bin/busybox', ['wget', '-qO-', `http://${own}:20080/`]);
  t.equal(fetched.stdout, 'pooled');
  t.match(await cri.ask(sandbox, 8080, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.\d 200 OK[\s\S]*pooled/, 'port forward');
  await t.rejects(cri.ask(sandbox, 8081, 'x'), /8081/, 'at which nothing listens');
  const host = await cri.runPod({ name: 'host', hostNetwork: true });
  t.equal((await daemon.leases()).length, 1);
  await cri.removePod(host);
  await cri.removePod(sandbox);
  t.strictSame(await daemon.leases(), []);
});

t.test('pods of one RuntimeClass get endpoints, others the network of the node', async (t) => {
  const ipam = { type: 'host-local', subnet: '10.88.7.0/24', dataDir: mkdtempSync(join(tmpdir(), 'ipam-')) };
  const bridge = { type: 'bridge', bridge: 'others0', isGateway: true, ipam };
  await using node = await startNode(t, { cniVersion: '1.0.0', name: 'others', plugins: [bridge] });
  t.teardown(() => execa('ip', ['link', 'delete', 'others0']));
  const { cri, daemon } = node;
  const [other, own] = [await cri.runPod({ name: 'other' }), await cri.runPod({ name: 'own' }, 'netnsd')];
  t.match([await cri.addressOf(other), await cri.addressOf(own)], [/^10\.88\.7\./, /^10\.213\.0\./]);
  t.match(await daemon.leases(), [{ containerId: new RegExp(`^${own}@`) }]);
  await Promise.all([other, own].map((sandbox) => cri.removePod(sandbox)));
  t.strictSame([await daemon.leases(), mounted()], [[], 0]);
});

t.test('50 pods at once, while netnsd and containerd start anew', async (t) => {
  await using node = await startNode(t);
  const { cri, daemon } = node;
  const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`);
  const sandboxes = await Promise.all(names.map((name) => cri.runPod({ name })));
  const leases = await daemon.leases();
  t.strictSame(new Set(leases.map(({ netns }) => netns.inode)).size, PODS);
  t.equal(mounted(), 2 * PODS);
  await daemon.stop('SIGKILL');
  await cri.stop('SIGKILL');
  cri.start();
  await cri.ready();
  const first = sandboxes.slice(0, PODS / 2);
  await Promise.all(first.map((sandbox) => cri.removePod(sandbox)));
  t.equal(mounted(), PODS, 'the daemon is down');
  daemon.start();
  await daemon.answers();
  await eventually('what was returned is entered', async () => (await daemon.leases()).length === PODS - first.length);
  const more = await Promise.all(first.map((_, index) => cri.runPod({ name: `more-${index}` })));
  t.equal((await daemon.leases()).length, PODS);
  await Promise.all([...sandboxes.slice(PODS / 2), ...more].map((sandbox) => cri.removePod(sandbox)));
  t.strictSame([await daemon.leases(), mounted()], [[], 0]);
});

t.test('a shim that is killed: StopPodSandbox gives the endpoint back', async (t) => {
  await using node = await startNode(t);
  const { cri, daemon } = node;
  const sandbox = await cri.runPod({ name: 'web' });
  const [lease] = await daemon.leases();
  for (const pid of cri.shims(sandbox)) process.kill(pid, 'SIGKILL');
  t.equal(statSync(lease?.netns.path ?? '').ino, lease?.netns.inode);
  await cri.removePod(sandbox);
  t.strictSame([await daemon.leases(), mounted()], [[], 0]);
});
