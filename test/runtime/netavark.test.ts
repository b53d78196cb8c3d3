import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { type CniScene, startScene } from './cni-plugin.js';
import { answersPing, eventually, links, mountsBelow } from './eye.js';
import {
  type Container,
  callNetavark,
  callNetavarkPlugin,
  execOf,
  findNetavark,
  netavarkInput,
  netavarkPlugin,
  networkOf,
} from './netavark.js';
import { answerIn, ask } from './port-traffic.js';

const plugin = netavarkPlugin({ sanitized: false });
const HERE = '/proc/self/ns/net';
const ports = [{ container_port: 80, host_ip: '', host_port: 20080, protocol: 'tcp,udp', range: 2 }];
const call = (command: string, path: string, input: object | string) =>
  callNetavarkPlugin(plugin, [command, path], input);
const netOf = (scene: CniScene, options: object = {}) => ({
  name: 'pods',
  options: { socket: scene.daemon.socket, ...options },
});

t.test('info and create: a network has options of netnsd, and nothing of what its pool says', async (t) => {
  t.match((await callNetavarkPlugin(plugin, ['info'], '')).json, { version: /^\d/, api_version: '1.0.0' });
  const network = { ...networkOf({ name: 'pods', options: { pool: 'web', delivery: 'overlay' } }), dns_enabled: true };
  const created = await callNetavarkPlugin(plugin, ['create'], network);
  t.strictSame([created.status, created.json], [0, { ...network, dns_enabled: false }]);
  const refused: [object, RegExp][] = [
    [{ options: { mtu: '9000' } }, /"mtu" is none of pool, tenant, socket and delivery/],
    [{ options: { delivery: 'swap' } }, /delivery is graft or overlay/],
    [{ options: { pool: '../x' } }, /pool is no pool's name/],
    [{ options: { tenant: ' ' } }, /tenant has letters/],
    [{ options: { socket: 'x' } }, /socket is an absolute path/],
    [{ subnets: [{ subnet: '10.0.0.0/24' }] }, /^subnets: .* take it out/],
    [{ internal: true }, /^internal: /],
    [{ name: '' }, /^name has letters/],
  ];
  for (const [members, error] of refused)
    t.match(await callNetavarkPlugin(plugin, ['create'], { ...network, ...members }), { status: 1, json: { error } });
  for (const input of ['', '[]', '{', '{"name":1}'])
    t.match(await callNetavarkPlugin(plugin, ['create'], input), { status: 1, json: { error: /./ } });
  t.match(await callNetavarkPlugin(plugin, ['update'], ''), { status: 1, json: { error: /create, setup, teardown/ } });
});

for (const delivery of ['graft', 'overlay']) {
  t.test(`setup and teardown by ${delivery}, with the ports of the container`, async (t) => {
    await using scene = await startScene(t);
    const { path, inode } = await scene.makeNetns('a');
    const container: Container = { id: 'c1', ports, network: netOf(scene, { delivery, tenant: 'shop' }) };
    // Podman holds the ports of a container by sockets of its own.
    await answerIn(t, HERE, 20081, 'podman');
    const { status, json } = await call('setup', path, execOf(container));
    const [lease] = await scene.daemon.leases();
    t.equal(status, 0);
    t.match(lease, { tenant: 'shop', attachment: { delivery, network: 'netavark.pods', ifname: 'eth0' } });
    t.strictSame(json, {
      dns_search_domains: [],
      dns_server_ips: [],
      interfaces: {
        eth0: {
          mac_address: lease?.interface.mac,
          subnets: [{ ipnet: lease?.addresses[0]?.address, gateway: '10.213.0.1' }],
        },
      },
    });
    t.equal(statSync(path).ino, delivery === 'overlay' ? lease?.netns.inode : inode);
    t.strictSame((await links(path)).map(({ ifname }) => ifname).sort(), ['eth0', 'lo']);
    t.ok(await answersPing(lease?.addresses[0]?.address.split('/')[0] ?? ''));
    await answerIn(t, path, 80, 'first');
    await answerIn(t, path, 81, 'second');
    t.match(await ask(HERE, 'tcp', '127.0.0.1', 20080), 'first');
    t.match(await ask(HERE, 'udp', '127.0.0.1', 20081), 'second');
    t.match(await call('setup', path, execOf(container)), { status: 1, json: { error: /has eth0 of the network/ } });
    t.match(await call('teardown', path, execOf(container)), { status: 0, stdout: '' });
    t.strictSame([await scene.daemon.leases(), scene.attachments(), mountsBelow(path).length], [[], [], 1]);
    t.strictSame([statSync(path).ino, (await links(path)).length], [inode, 1]);
    t.match(await call('teardown', '/gone', execOf(container)), { status: 0, stdout: '' }, 'a second time');
  });
}

t.test(
  'of two networks of a container the first one publishes the ports; what is asked in vain is refused',
  async (t) => {
    await using scene = await startScene(t);
    const { path } = await scene.makeNetns('a');
    const first: Container = { id: 'c1', ports, network: netOf(scene) };
    const second: Container = { ...first, ifname: 'eth1', network: { ...netOf(scene), name: 'other' } };
    t.match(await call('setup', path, execOf(first)), { status: 0 });
    t.match(await call('setup', path, execOf(second)), { status: 0, json: { interfaces: { eth1: {} } } });
    t.strictSame((await links(path)).map(({ ifname }) => ifname).sort(), ['eth0', 'eth1', 'lo']);
    const other = await scene.makeNetns('b');
    const refused: [Partial<Container>, RegExp][] = [
      [{}, /20080\/tcp of the host, which the pod wants, leads to port 80 of 10\.213\.0\.\d+ already/],
      [{ ports: [{ ...ports[0], protocol: 'dccp' }] }, /TCP, UDP and SCTP, not of dccp/],
      [{ ports: [{ ...ports[0], host_port: 65535 }] }, /no port/],
      [{ ports: [{ ...ports[0], range: 1000 }] }, /may publish/],
      [{ more: { static_ips: ['10.213.0.9'] } }, /^static_ips: netnsd chooses addresses/],
      [{ more: { static_mac: '02:00:00:00:00:01' } }, /^static_mac: /],
      [{ id: '../x' }, /container_id is no container's id/],
      [{ ifname: 'a/b' }, /interface_name is no interface's name/],
      [{ network: netOf(scene, { pool: 'none' }) }, /none/],
    ];
    for (const [members, error] of refused)
      t.match(await call('setup', other.path, execOf({ ...first, id: 'c2', ...members })), {
        status: 1,
        json: { error },
      });
    t.match(await call('setup', '/dev/null', execOf(first)), { status: 1, json: { error: /is no network namespace/ } });
    t.match(await call('setup', '/gone', execOf(first)), { status: 1, json: { error: /does not exist/ } });
    t.equal((await scene.daemon.leases()).length, 2);
    for (const container of [first, second])
      t.match(await call('teardown', path, execOf(container)), { status: 0, stdout: '' });
    t.strictSame([await scene.daemon.leases(), scene.attachments()], [[], []]);
  },
);

t.test(
  'netavark itself, where there is one that runs plugins, sets two containers up and tears them down',
  async (t) => {
    const netavark = await findNetavark();
    if (netavark === undefined) {
      t.comment(
        'no netavark of 1.6 or newer is installed (Debian 13 has one): the plugin was driven by its JSON alone',
      );
      return;
    }
    t.comment(`run with ${netavark}`);
    await using scene = await startScene(t);
    const run = (command: string, path: string, containers: Container[]) =>
      callNetavark(netavark, {
        plugins: dirname(plugin),
        folder: scene.folder,
        args: [command, path],
        input: netavarkInput(containers),
      });
    for (const [id, delivery] of [
      ['one', 'graft'],
      ['two', 'overlay'],
    ] as const) {
      const { path, inode } = await scene.makeNetns(id);
      const container: Container = { id, network: netOf(scene, { delivery }), ports };
      const status = JSON.parse(await run('setup', path, [container])) as Record<string, object>;
      const [lease] = await scene.daemon.leases();
      t.match(status['pods'], { interfaces: { eth0: { mac_address: lease?.interface.mac } } });
      await answerIn(t, path, 80, id);
      t.match(await ask(HERE, 'tcp', '127.0.0.1', 20080), id);
      await run('teardown', path, [container]);
      await eventually('the lease has ended', async () => (await scene.daemon.leases()).length === 0);
      t.equal(statSync(path).ino, inode);
    }
  },
);
