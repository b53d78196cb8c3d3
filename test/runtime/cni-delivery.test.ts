import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type CniScene, OFTEN, startScene } from './cni-plugin.js';
import { FRONT } from './daemon.js';
import { eventually, links, mountsBelow } from './eye.js';

/** Adds, checks and deletes; how it was delivered, and the interfaces meanwhile and afterwards. */
async function roundTrip(scene: CniScene, netns: string, ifname = 'eth0') {
  const call = { netns, ifname };
  const added = await scene.call({ command: 'ADD', ...call });
  if (added.status !== 0) return { failed: added.json };
  const { delivery } = scene.attachment();
  const inside = await links(netns);
  const checked = await scene.call({ command: 'CHECK', ...call, config: { prevResult: added.json } });
  const ended = await scene.call({ command: 'DEL', ...call });
  const names = (await links(netns)).map((link) => link.ifname);
  const own = inside.find((link) => link.ifname === ifname);
  const addresses = own?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  return {
    delivery,
    sameAddress: addresses?.join() === added.json.ips?.map(({ address }) => address).join(),
    sameMac: own?.address === added.json.interfaces?.find(({ name }) => name === ifname)?.mac,
    statuses: [checked.status, ended.status],
    names,
    left: scene.attachments(),
  };
}

const DUAL =
  '[pools.default]\nsubnet = "10.213.0.0/24"\nsubnet6 = "fd00:213::/64"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\n';
const GRAFTED = { delivery: 'graft', sameAddress: true, sameMac: true, statuses: [0, 0], left: [] };

t.test('a pod has both families of a pool with subnet6, however it was delivered', async (t) => {
  await using scene = await startScene(t, DUAL);
  for (const [ifname, delivery] of [
    ['eth0', 'overlay'],
    ['net7', 'graft'],
  ] as const) {
    const { path } = await scene.makeNetns(delivery);
    const added = await scene.call({ command: 'ADD', netns: path, ifname });
    t.equal(scene.attachment().delivery, delivery);
    t.match(added.json.ips, [
      { address: /^10\.213\.0\.\d+\/24$/, gateway: '10.213.0.1' },
      { address: /^fd00:213::ad5:[0-9a-f]+\/64$/, gateway: 'fd00:213::1' },
    ]);
    const own = (await links(path)).find((link) => link.ifname === ifname)?.addr_info ?? [];
    t.match(
      own.map(({ local }) => local),
      [/^10\./, /^fd00:213::ad5:/, /^fe80::ad5:/],
    );
    const { stdout } = await execa('nsenter', [`--net=${path}`, 'busybox', 'ping', '-c1', '-W10', 'fd00:213::1']);
    t.match(stdout, '1 packets received');
    t.equal((await scene.call({ command: 'DEL', netns: path, ifname })).status, 0);
  }
});

t.test('what cannot be overlaid gets the interface itself, and loses it with DEL', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('plain');
  t.strictSame(
    await roundTrip(scene, path),
    { ...GRAFTED, delivery: 'overlay', names: ['lo'] },
    'the overlay, for comparison',
  );
  t.strictSame(await roundTrip(scene, path, 'net7'), { ...GRAFTED, names: ['lo'] }, 'another name');

  await execa('nsenter', [`--net=${path}`, 'sysctl', '-qw', 'net.ipv4.tcp_fin_timeout=61']);
  t.strictSame(await roundTrip(scene, path), { ...GRAFTED, names: ['lo'] }, 'sysctls');

  const linked = await scene.makeNetns('linked');
  await execa('nsenter', [`--net=${linked.path}`, 'ip', 'link', 'add', 'dummy0', 'type', 'veth', 'peer', 'dummy1']);
  const { names, ...rest } = (await roundTrip(scene, linked.path)) as { names: string[] };
  t.strictSame(rest, GRAFTED, 'interfaces of its own');
  t.strictSame(names.sort(), ['dummy0', 'dummy1', 'lo']);

  const process = execa('unshare', ['--net', 'sleep', 'infinity'], { reject: false });
  const own = statSync('/proc/self/ns/net').ino;
  await eventually('it has a namespace', () => statSync(`/proc/${process.pid}/ns/net`).ino !== own);
  t.strictSame(await roundTrip(scene, `/proc/${process.pid}/ns/net`), { ...GRAFTED, names: ['lo'] }, 'under /proc');
  process.kill('SIGKILL');
  await process;

  const user = join(scene.folder, 'user');
  writeFileSync(user, '');
  const owner = execa('unshare', ['--user', '--map-root-user', '--net', 'sleep', 'infinity'], { reject: false });
  await eventually('it has a namespace', () => statSync(`/proc/${owner.pid}/ns/net`).ino !== own);
  await execa('mount', ['--bind', `/proc/${owner.pid}/ns/net`, user]);
  t.strictSame(await roundTrip(scene, user), { ...GRAFTED, names: ['lo'] }, "another user namespace's");
  owner.kill('SIGKILL');
  await owner;
  await scene.daemon.filled();
});

t.test('sysctls that CRI-O sets for every pod come along with the overlay, and go with the lease', async (t) => {
  await using scene = await startScene(t, OFTEN.replace('max = 40', 'max = 4'));
  const { path } = await scene.makeNetns('a');
  const inside = async (...args: string[]) => (await execa('nsenter', [`--net=${path}`, 'sysctl', ...args])).stdout;
  const names = ['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'];
  const fresh = await inside('-n', ...names);
  await inside('-qw', `${names[0]}=0 0`, `${names[1]}=80`);
  t.match(await scene.call({ command: 'ADD', netns: path }), { status: 0 });
  t.equal(scene.attachment().delivery, 'overlay');
  t.equal(await inside('-n', ...names), '0\t0\n80', 'the container has them');
  const [lease] = await scene.daemon.leases();
  t.equal(statSync(path).ino, lease?.netns.inode);
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
  t.equal(await inside('-n', ...names), '0\t0\n80', "the runtime's own namespace has them as before");
  await eventually('it is verified', async () => {
    const [pool] = await scene.daemon.pools();
    return pool !== undefined && pool.recycledBySeal + pool.recycledByProof === 1;
  });
  const endpoint = basename(lease?.netns.path ?? '').split('.')[0] ?? '';
  const enter = ['enter', '--state-dir', scene.daemon.stateDir, endpoint, '--', 'sysctl', '-n', ...names];
  t.equal((await execa(FRONT, enter)).stdout, fresh, 'and is as new');
});

t.test(
  'sysctls that the pool sets are no obstacle to the overlay; those that the pod carries take precedence',
  async (t) => {
    const own =
      '[pools.default.sysctls]\n"net.ipv4.tcp_fin_timeout" = 30\n"net.ipv4.ip_unprivileged_port_start" = 10\n';
    await using scene = await startScene(t, `${OFTEN}${own}`);
    const { path } = await scene.makeNetns('a');
    const inside = async (...args: string[]) => (await execa('nsenter', [`--net=${path}`, 'sysctl', ...args])).stdout;
    const names = ['net.ipv4.tcp_fin_timeout', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range'];
    await inside('-qw', 'net.ipv4.ping_group_range=0 0');
    t.match(await scene.call({ command: 'ADD', netns: path }), { status: 0 });
    t.strictSame([scene.attachment().delivery, await inside('-n', ...names)], ['overlay', '30\n10\n0\t0']);
    t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
    await inside('-qw', 'net.ipv4.tcp_fin_timeout=20');
    t.match(await scene.call({ command: 'ADD', netns: path }), { status: 0 });
    t.strictSame([scene.attachment().delivery, await inside('-n', ...names)], ['graft', '20\n1024\n0\t0']);
  },
);

t.test('an interface of the same name is in the way, and stays', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  await execa('nsenter', [`--net=${path}`, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'other']);
  const before = await links(path);
  t.match(await roundTrip(scene, path), { failed: { code: 100, msg: /has an interface eth0 already/ } });
  t.strictSame(await links(path), before);
  t.strictSame([scene.attachments(), await scene.daemon.leases()], [[], []]);
});

t.test('a symbolic link leads to where the namespace is mounted', async (t) => {
  await using scene = await startScene(t);
  const { path, inode } = await scene.makeNetns('a');
  const folder = join(scene.folder, 'links');
  mkdirSync(folder);
  symlinkSync(path, join(folder, 'b'));
  t.strictSame(await roundTrip(scene, join(folder, 'b')), { ...GRAFTED, delivery: 'overlay', names: ['lo'] });
  t.equal(statSync(path).ino, inode);
});

t.test('what the runtime mounts over the endpoint is not taken off', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const other = await scene.makeNetns('b');
  await scene.call({ command: 'ADD', netns: path });
  await execa('mount', ['--bind', other.path, path]);
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 });
  t.strictSame([statSync(path).ino, mountsBelow(path).length], [other.inode, 3]);
  await execa('umount', [path]);
});

t.test('the order in which CRI-O calls: STATUS, ADD, CHECK, CHECK, GC, DEL twice', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const call = {
    netns: path,
    args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u',
  };
  const config = { tenant: 'namespace' };
  t.match(await scene.call({ command: 'STATUS', config }), { status: 0 });
  const { json } = await scene.call({ command: 'ADD', ...call, config });
  const check = { command: 'CHECK', ...call, config: { ...config, prevResult: json } };
  t.strictSame([(await scene.call(check)).status, (await scene.call(check)).status], [0, 0]);
  t.match(await scene.daemon.leases(), [{ tenant: 'shop' }]);
  const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] };
  t.match(await scene.call({ command: 'GC', config: { ...config, ...valid } }), { status: 0 });
  t.match(await scene.call(check), { status: 0 });
  for (let time = 0; time < 2; time += 1)
    t.match(await scene.call({ command: 'DEL', ...call, config: { ...config, prevResult: json } }), { status: 0 });
});

t.test(
  'the order in which nerdctl calls: DEL, then ADD under /proc, then DEL when the process has ended',
  async (t) => {
    await using scene = await startScene(t);
    const process = execa('unshare', ['--net', 'sleep', 'infinity'], { reject: false });
    const own = statSync('/proc/self/ns/net').ino;
    await eventually('it has a namespace', () => statSync(`/proc/${process.pid}/ns/net`).ino !== own);
    const call = { netns: `/proc/${process.pid}/ns/net`, id: 'default-1234', config: { cniVersion: '1.0.0' } };
    t.match(await scene.call({ command: 'DEL', ...call }), { status: 0 });
    t.match(await scene.call({ command: 'ADD', ...call }), { status: 0 });
    t.match(scene.attachment(), { delivery: 'graft', target: call.netns });
    process.kill('SIGKILL');
    await process;
    t.match(await scene.call({ command: 'DEL', ...call }), { status: 0 });
    t.strictSame([scene.attachments(), await scene.daemon.leases()], [[], []]);
  },
);
