import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { startScene } from './cni-plugin.js';
import { answersPing, eventually, links, mountsBelow } from './eye.js';

t.test('ADD mounts a ready endpoint over CNI_NETNS, CHECK finds it there, DEL takes it off again', async (t) => {
  await using scene = await startScene(t);
  const { path, inode } = await scene.makeNetns('a');
  const added = await scene.call({ command: 'ADD', netns: path });
  t.match(added, { status: 0, stderr: '' });
  const [lease] = await scene.daemon.leases();
  t.strictSame([statSync(path).ino, mountsBelow(path).length], [lease?.netns.inode, 2]);
  t.match(scene.attachment(), {
    delivery: 'overlay',
    target: path,
    network: 'net',
    containerId: 'c1',
    lease: lease?.id,
  });
  const [address] = lease?.addresses ?? [];
  t.match(added.json, {
    cniVersion: '1.1.0',
    // Its other end is in a hub, and not in the host.
    interfaces: [{ name: 'eth0', mac: lease?.interface.mac, sandbox: path, mtu: 1500 }],
    ips: [{ interface: 0, address: address?.address, gateway: '10.213.0.1' }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.213.0.1' }],
    dns: {},
  });
  t.ok(await answersPing(address?.address.split('/')[0] ?? ''));
  const check = { command: 'CHECK', netns: path, config: { prevResult: added.json } };
  t.match(await scene.call(check), { status: 0, stdout: '' });
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0, stdout: '', stderr: '' });
  t.strictSame([statSync(path).ino, mountsBelow(path).length, scene.attachments()], [inode, 1, []]);
  t.strictSame(await scene.daemon.leases(), []);
  t.match(await scene.call({ command: 'DEL', netns: path }), { status: 0 }, 'a second time');
  t.match(await scene.call(check), { status: 1, json: { code: 104 } });
});

t.test('the result has the form of its version, and IPv4 is said before 1.0.0', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  for (const cniVersion of ['0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
    const { json } = await scene.call({ command: 'ADD', netns: path, config: { cniVersion } });
    t.equal(json.cniVersion, cniVersion);
    t.equal(json.ips?.[0]?.version, cniVersion < '1' ? '4' : undefined);
    t.match(await scene.call({ command: 'DEL', config: { cniVersion } }), { status: 0 }, 'without CNI_NETNS');
  }
  t.strictSame(mountsBelow(path).length, 1);
});

t.test('ADD twice is an error that changes nothing', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const { json } = await scene.call({ command: 'ADD', netns: path });
  t.match(await scene.call({ command: 'ADD', netns: path }), {
    status: 1,
    json: { code: 100, msg: /DEL comes before/ },
  });
  t.equal(mountsBelow(path).length, 2);
  t.match(await scene.call({ command: 'CHECK', netns: path, config: { prevResult: json } }), { status: 0 });
  t.equal((await scene.daemon.leases()).length, 1);
});

t.test('two networks of one container: the second interface is grafted into the first one', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  await scene.call({ command: 'ADD', netns: path });
  const second = { netns: path, ifname: 'net1', config: { name: 'second' } };
  const added = await scene.call({ command: 'ADD', ...second });
  t.match(added, { status: 0, json: { interfaces: [{ name: 'net1' }] } });
  t.strictSame((await links(path)).map(({ ifname }) => ifname).sort(), ['eth0', 'lo', 'net1']);
  t.match(await scene.call({ command: 'CHECK', ...second, config: { name: 'second', prevResult: added.json } }), {
    status: 0,
  });
  t.equal((await scene.daemon.leases()).length, 2);
  t.match(await scene.call({ command: 'DEL', ...second }), { status: 0 });
  t.strictSame((await links(path)).map(({ ifname }) => ifname).sort(), ['eth0', 'lo']);
});

t.test('CHECK tells what is wrong inside', async (t) => {
  await using scene = await startScene(t);
  const { path } = await scene.makeNetns('a');
  const { json } = await scene.call({ command: 'ADD', netns: path });
  const inside = (...args: string[]) => execa('nsenter', [`--net=${path}`, 'ip', ...args]);
  const check = async () => (await scene.call({ command: 'CHECK', netns: path, config: { prevResult: json } })).json;
  t.strictSame(await check(), {});
  await inside('route', 'del', 'default');
  t.match(await check(), { code: 104, msg: 'the route to 0.0.0.0/0 is gone' });
  await inside('address', 'flush', 'dev', 'eth0');
  t.match(await check(), { code: 104, msg: /has not the address 10\.213\.0\.\d+\/24 any more/ });
  await inside('link', 'set', 'eth0', 'address', '02:00:00:00:00:77');
  t.match(await check(), { code: 104, msg: /has the MAC 02:00:00:00:00:77 instead of/ });
  await inside('link', 'set', 'eth0', 'down');
  t.match(await check(), { code: 104, msg: 'the interface eth0 is down' });
  await inside('link', 'del', 'eth0');
  t.match(await check(), { code: 104, msg: 'the interface eth0 is gone' });
  await execa('umount', [path]);
  t.match(await check(), { code: 104, msg: /does not lead to the network/ });
  t.match(await scene.call({ command: 'CHECK', netns: path }), { json: { code: 7, msg: /prevResult/ } });
});

t.test('with the daemon down the shelf serves; what it has not is to be tried again later', async (t) => {
  await using scene = await startScene(t);
  const { daemon } = scene;
  await scene.laidOut(4);
  await daemon.stop();
  const namespaces = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => scene.makeNetns(name)));
  const paths = namespaces.map(({ path }) => path);
  for (const netns of paths.slice(0, 4))
    t.match(await scene.call({ command: 'ADD', id: netns.slice(-1), netns }), {
      status: 0,
      stdout: /./,
      json: { ips: [{}] },
    });
  const last = { id: 'e', netns: paths[4] as string };
  t.match(await scene.call({ command: 'ADD', ...last }), { status: 1, json: { code: 11, msg: /cannot be reached/ } });
  t.equal(statSync(last.netns).ino, namespaces[4]?.inode);
  t.match(await scene.call({ command: 'DEL', ...last }), { status: 0 });
  t.match(await scene.call({ command: 'DEL', id: 'a', netns: paths[0] as string }), { status: 0 });
  t.equal(statSync(paths[0] as string).ino, namespaces[0]?.inode);
  daemon.start();
  await daemon.answers();
  t.strictSame((await daemon.leases()).map(({ containerId }) => containerId?.slice(0, 2)).sort(), ['b@', 'c@', 'd@']);
  t.match(await scene.call({ command: 'ADD', ...last }), { status: 0 });
  t.strictSame(scene.attachments().length, 4);
});

t.test('STATUS and an empty shelf: the daemon answers for it', async (t) => {
  await using scene = await startScene(t);
  t.match(await scene.call({ command: 'STATUS' }), { status: 0, stdout: '' });
  t.match(await scene.call({ command: 'STATUS', config: { pool: 'other' } }), {
    status: 1,
    json: { code: 50, msg: /no pool/ },
  });
  const namespaces = await Promise.all(Array.from({ length: 12 }, (_, index) => scene.makeNetns(`n${index}`)));
  const added = await Promise.all(
    namespaces.map(({ path }, index) => scene.call({ command: 'ADD', id: `n${index}`, netns: path })),
  );
  t.strictSame(
    added.map(({ status }) => status),
    namespaces.map(() => 0),
    'more than lay there',
  );
  const leases = await scene.daemon.leases();
  t.strictSame(namespaces.map(({ path }) => statSync(path).ino).sort(), leases.map(({ netns }) => netns.inode).sort());
  t.match(await scene.call({ command: 'ADD', id: 'x', netns: namespaces[0]?.path ?? '', config: { pool: 'other' } }), {
    json: { code: 101, details: 'pool_not_found, status 404' },
  });
});

t.test('GC ends what is not valid, of its own network only', async (t) => {
  await using scene = await startScene(t);
  const made = await Promise.all(['a', 'b', 'c'].map(async (id) => ({ id, netns: (await scene.makeNetns(id)).path })));
  const [a, b, c] = made as [
    { id: string; netns: string },
    { id: string; netns: string },
    { id: string; netns: string },
  ];
  await scene.call({ command: 'ADD', ...a });
  await scene.call({ command: 'ADD', ...b });
  await scene.call({ command: 'ADD', ...c, config: { name: 'other' } });
  const valid = [{ containerID: 'a', ifname: 'eth0' }];
  t.match(await scene.call({ command: 'GC', config: { 'cni.dev/valid-attachments': [{ containerID: 'a' }] } }), {
    json: { code: 7 },
  });
  t.equal(scene.attachments().length, 3);
  t.match(await scene.call({ command: 'GC', config: { 'cni.dev/valid-attachments': valid } }), {
    status: 0,
    stdout: '',
  });
  t.strictSame(
    made.map(({ netns }) => mountsBelow(netns).length),
    [2, 1, 2],
  );
  t.strictSame((await scene.daemon.leases()).map(({ containerId }) => containerId?.slice(0, 2)).sort(), ['a@', 'c@']);
});

t.test('netnsd down takes overlays off, but not from under a container', async (t) => {
  await using scene = await startScene(t);
  const idle = await scene.makeNetns('idle');
  const used = await scene.makeNetns('used');
  await scene.call({ command: 'ADD', id: 'idle', netns: idle.path });
  await scene.call({ command: 'ADD', id: 'used', netns: used.path });
  const shown = statSync(used.path).ino;
  const container = execa('nsenter', [`--net=${used.path}`, 'sleep', 'infinity'], { reject: false });
  await eventually('the container runs', () => {
    const inside = readFileSync(`/proc/${container.pid}/comm`, 'utf8').trim();
    return inside === 'sleep';
  });
  const refused = await scene.daemon.cli('down', '--state-dir', scene.daemon.stateDir).catch(String);
  t.match(refused, /1 endpoints are in use: used@/);
  await scene.daemon.down();
  t.strictSame([statSync(idle.path).ino, statSync(used.path).ino], [idle.inode, shown]);
  t.notOk(readdirSync(scene.daemon.folder).includes('state'));
  container.kill('SIGKILL');
  await container;
  t.match(
    await scene.call({ command: 'DEL', id: 'used', netns: used.path }),
    { status: 0 },
    'nothing is known of it any more',
  );
  t.notOk(readdirSync(join(scene.folder)).includes('state'));
});
