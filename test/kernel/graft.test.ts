import { closeSync, openSync } from 'node:fs';
import { execaSync } from 'execa';
import t from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import { graftEndpoint } from '../../src/endpoint/build/graft.js';
import { planEndpoint } from '../../src/endpoint/plan.js';
import { EndpointThread } from '../../src/endpoint/thread/endpoint-thread.js';
import { eventually } from '../runtime/eye.js';
import { endpointName, fakeHost, ip, openNetwork, SETTINGS } from './fake-host.js';
import { endpointLinks, makeTarget, type SeenLink, scene } from './graft-scene.js';

function reaches(path: string, address: string): boolean {
  const ping = ['busybox', 'ping', '-c1', '-W10', address];
  return execaSync('nsenter', [`--net=${path}`, ...ping], { reject: false }).exitCode === 0;
}

t.test('a grafted interface is in the target what it was in its endpoint, and the network works', async (t) => {
  const { fake, host, hub, plan, target, released } = await scene(t);
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  const [lo, eth0, ...others] = target.links() as [SeenLink, SeenLink];
  t.same(others, []);
  t.ok(lo.flags.includes('UP'));
  t.match(eth0, { ifname: 'eth0', address: '0a:58:0a:d5:00:05', mtu: 1500 });
  t.ok(eth0.flags.includes('UP') && eth0.flags.includes('LOWER_UP'));
  t.match(eth0.addr_info, [{ family: 'inet', local: '10.213.0.5', prefixlen: 16, broadcast: '10.213.255.255' }]);
  t.equal(eth0.addr_info.length, 1, 'no IPv6 address was generated');
  t.match(ip(target.path, '-j', 'route'), [{ dst: 'default', gateway: '10.213.0.1' }, { dst: '10.213.0.0/16' }]);
  t.ok(reaches(target.path, '10.213.0.1'), 'the gateway answers');
  t.same(
    (ip(fake.pathOf(plan.name.id), '-j', 'link') as SeenLink[]).map(({ ifname }) => ifname),
    ['lo'],
    "the endpoint's own namespace is empty, and still mounted",
  );
  const hostEnd = (fake.inHub('-j', 'link') as SeenLink[]).find(({ ifname }) => ifname === plan.hostName);
  t.equal(hostEnd?.master, 'bridge', 'the other end is still a port of the bridge');
  await released();
  t.same(
    target.links().map(({ ifname }) => ifname),
    ['lo'],
    'nothing stays behind in a target that lives on',
  );
});

t.test("a grafted interface comes with its pool's name for it, routes and sysctls", async (t) => {
  const routes = [{ destination: '10.9.0.0/16', gateway: '10.213.0.9' }];
  const sysctls = { 'net.core.somaxconn': '321', 'net.ipv4.conf.net1.arp_notify': '1' };
  const { host, hub, plan, target } = await scene(t, { ...SETTINGS, interfaceName: 'net1', routes, sysctls });
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  t.same(
    target.links().map(({ ifname }) => ifname),
    ['lo', 'net1'],
  );
  t.match(ip(target.path, '-j', 'route', 'show', '10.9.0.0/16'), [{ gateway: '10.213.0.9', dev: 'net1' }]);
  for (const [name, value] of Object.entries(sysctls)) {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    t.equal(execaSync('nsenter', [`--net=${target.path}`, 'cat', file]).stdout, value, name);
  }
});

t.test('an interface without IPv6, since its MTU is below 1280, is grafted all the same', async (t) => {
  const { fake, host, hub, plan, target, released } = await scene(t);
  ip(fake.pathOf(plan.name.id), 'link', 'set', 'eth0', 'mtu', '1000');
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  t.match(target.links()[1], { ifname: 'eth0', mtu: 1000, addr_info: [{ family: 'inet', local: '10.213.0.5' }] });
  t.ok(reaches(target.path, '10.213.0.1'), 'the gateway answers');
  await released();
});

t.test('a target that goes takes the interface along', async (t) => {
  const { fake, host, hub, plan, target, released } = await scene(t);
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  target.remove();
  await eventually('the pair is gone', () => endpointLinks(fake).length === 0, 5000);
  await released();
});

t.test('a target in which the number of the interface is taken gets it under another one', async (t) => {
  const { fake, host, hub, plan, target } = await scene(t);
  const [pooled] = ip(fake.pathOf(plan.name.id), '-j', 'link', 'show', 'eth0') as SeenLink[];
  ip(target.path, 'link', 'add', 'bystander', 'index', String(pooled?.ifindex), 'type', 'bridge');
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  const [bystander, eth0] = ['bystander', 'eth0'].map((name) => target.links().find(({ ifname }) => ifname === name));
  t.equal(bystander?.ifindex, pooled?.ifindex);
  t.not(eth0?.ifindex, pooled?.ifindex);
  t.ok(reaches(target.path, '10.213.0.1'));
});

t.test('the bridge forwards to a grafted container from the first frame on', async (t) => {
  const fake = fakeHost(t);
  const { host, network } = await openNetwork(t, fake);
  for (let seq = 0; seq < 12; seq += 1) {
    const plan = planEndpoint(fake.site, SETTINGS, endpointName(seq));
    const port = await network.attach(plan.name.id);
    buildEndpoints({ host, targets: [{ plan, port }] });
    await graftEndpoint({ host, hub: port.hub, plan, targetFd: makeTarget(t).fd });
    const seen = fake.inHub('-j', '-d', 'link', 'show', plan.hostName) as { linkinfo: { info_slave_data: object } }[];
    t.match(seen[0]?.linkinfo.info_slave_data, { state: 'forwarding' }, `port ${seq}`);
  }
});

t.test('the same graft again changes nothing', async (t) => {
  const { host, hub, plan, target } = await scene(t);
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  // Without their operational state, which the kernel works out a moment later.
  const look = () =>
    target.links().map(({ ifname, ifindex, address, addr_info }) => [ifname, ifindex, address, addr_info]);
  const before = look();
  await graftEndpoint({ host, hub, plan, targetFd: target.fd });
  t.same(look(), before);
  t.ok(reaches(target.path, '10.213.0.1'));
});

t.test('a target with another eth0 is refused, and nothing is moved', async (t) => {
  const { fake, host, hub, plan, target, released } = await scene(t);
  ip(target.path, 'link', 'add', 'eth0', 'type', 'bridge');
  const before = target.links();
  await t.rejects(graftEndpoint({ host, hub, plan, targetFd: target.fd }), {
    code: 'graft_refused',
    message: /default-3 .*: it has an interface eth0 already/,
  });
  t.same(target.links(), before);
  t.ok(reaches(fake.pathOf(plan.name.id), '10.213.0.1'), 'the endpoint is as it was');
  await released();
  t.same(target.links(), before);
});

t.test("the host's own namespace, and that of the daemon, are refused", async (t) => {
  const { fake, host, hub, plan } = await scene(t);
  for (const path of [fake.netnsPath, '/proc/thread-self/ns/net']) {
    const fd = openSync(path, 'r');
    t.teardown(() => closeSync(fd));
    await t.rejects(graftEndpoint({ host, hub, plan, targetFd: fd }), {
      code: 'graft_refused',
      message: /the host's own/,
    });
  }
  t.ok(reaches(fake.pathOf(plan.name.id), '10.213.0.1'), 'the endpoint is as it was');
});

t.test('the kernel thread grafts while it builds, and says why it does not', async (t) => {
  const fake = fakeHost(t);
  const settings = { site: fake.site, networks: [SETTINGS], hostNetnsPath: fake.netnsPath };
  await using thread = await EndpointThread.start(settings);
  await thread.openVault();
  await thread.open();
  const names = [0, 1, 2].map(endpointName);
  await thread.build(names, { urgent: true });
  const targets = names.map(() => makeTarget(t));
  const building = thread.build(
    Array.from({ length: 8 }, (_, i) => endpointName(10 + i)),
    { urgent: false },
  );
  await Promise.all(names.map((name, i) => thread.graft(name, targets[i]?.fd ?? -1)));
  for (const [i, target] of targets.entries()) {
    t.equal(target.links()[1]?.addr_info[0]?.local, `10.213.0.${i + 2}`);
    t.ok(reaches(target.path, `10.213.0.${((i + 1) % 3) + 2}`), 'grafted containers reach each other');
  }
  t.ok((await building).every(({ ok }) => ok));
  await t.rejects(thread.graft(endpointName(10), targets[0]?.fd ?? -1), {
    name: 'NetnsdError',
    code: 'graft_refused',
  });
  const all = [...names, ...Array.from({ length: 8 }, (_, i) => endpointName(10 + i))];
  t.ok((await thread.destroy(all)).every(({ ok }) => ok));
  t.same(endpointLinks(fake), []);
});
