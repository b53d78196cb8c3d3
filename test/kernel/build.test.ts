import { readlinkSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import { destroyEndpoints } from '../../src/endpoint/build/destroy.js';
import type { BuildTarget } from '../../src/endpoint/build/endpoint-build.js';
import { takeInventory } from '../../src/endpoint/build/inventory.js';
import { type EndpointPlan, factsOf, planEndpoint } from '../../src/endpoint/plan.js';
import { NLM_F } from '../../src/kernel/netlink/protocol.js';
import type { Request } from '../../src/kernel/netlink/request.js';
import { eventually } from '../runtime/eye.js';
import { built } from './built.js';
import { endpointName, type FakeHost, fakeHost, ip, openNetwork, SETTINGS } from './fake-host.js';

interface SeenLink {
  ifname: string;
  ifalias?: string;
  address: string;
  master?: string;
  flags: string[];
  mtu: number;
  num_tx_queues: number;
  addr_info: { family: string; local: string; prefixlen: number; broadcast?: string }[];
}

t.test('an MTU below 1280, which leaves no IPv6 to switch off, is none the worse', async (t) => {
  const fake = fakeHost(t);
  const { targets, outcomes } = await built(t, fake, [3], { ...SETTINGS, mtuBytes: 1000 });
  const { plan } = targets[0] as BuildTarget;
  t.match(outcomes, [{ ok: true }]);
  const [, eth0] = ip(fake.pathOf(plan.name.id), '-j', 'address') as SeenLink[];
  t.match(eth0, { mtu: 1000, addr_info: [{ family: 'inet', local: '10.213.0.5' }] });
  t.match(
    (fake.inHub('-j', '-d', 'address') as SeenLink[]).find(({ ifname }) => ifname === plan.hostName),
    { mtu: 1000, addr_info: [], ifalias: 'netnsd default-3 boot /test' },
  );
});

t.test('an endpoint is complete as iproute2 sees it', async (t) => {
  const fake = fakeHost(t);
  const { targets, outcomes } = await built(t, fake, [3]);
  const { plan } = targets[0] as BuildTarget;
  t.ok(outcomes[0]?.ok);
  const inside = ip(fake.pathOf(plan.name.id), '-j', '-d', 'address') as SeenLink[];
  t.same(
    inside.map(({ ifname }) => ifname),
    ['lo', 'eth0'],
  );
  const [lo, eth0] = inside as [SeenLink, SeenLink];
  t.ok(lo.flags.includes('UP'));
  t.ok(eth0.flags.includes('LOWER_UP') && eth0.flags.includes('UP'));
  t.match(eth0, { address: '0a:58:0a:d5:00:05', mtu: 1500, num_tx_queues: 1 });
  t.match(eth0.addr_info, [{ family: 'inet', local: '10.213.0.5', prefixlen: 16, broadcast: '10.213.255.255' }]);
  t.equal(eth0.addr_info.length, 1, 'no IPv6 address was generated');
  t.match(ip(fake.pathOf(plan.name.id), '-j', 'route'), [
    { dst: 'default', gateway: '10.213.0.1' },
    { dst: '10.213.0.0/16' },
  ]);
  const outside = (fake.inHub('-j', '-d', 'address') as SeenLink[]).find(({ ifname }) => ifname === plan.hostName);
  t.match(outside, {
    address: '0e:58:0a:d5:00:05',
    ifalias: 'netnsd default-3 boot /test',
    master: 'bridge',
    addr_info: [],
  });
  const inode = outcomes[0]?.ok ? outcomes[0].value : 0;
  t.equal(statSync(fake.pathOf(plan.name.id)).ino, inode);
  const facts = factsOf(plan, { netns: { path: '/run/x', inode }, hub: 'default.0' }, SETTINGS.dns);
  t.match(facts, {
    addresses: [{ address: '10.213.0.5/16', gateway: '10.213.0.1' }],
    interface: { mac: eth0.address },
  });
});

t.test('a kernel that does not echo the links that it makes is asked for them', async (t) => {
  const fake = fakeHost(t);
  const { host, network } = await openNetwork(t, fake);
  const [hub] = network.hubs;
  if (hub === undefined) throw new Error('no hub');
  const mute = new Proxy(hub.socket, {
    get: (socket, key) => {
      const value = Reflect.get(socket, key, socket);
      if (key !== 'transact') return typeof value === 'function' ? value.bind(socket) : value;
      return (requests: readonly Request[]) =>
        socket
          .transact(requests)
          .map((outcome, position) =>
            outcome.ok && ((requests[position]?.flags ?? 0) & NLM_F.ECHO) !== 0 ? { ...outcome, replies: [] } : outcome,
          );
    },
  });
  const silent = new Proxy(hub, { get: (real, key) => (key === 'socket' ? mute : Reflect.get(real, key, real)) });
  const plan = planEndpoint(fake.site, SETTINGS, endpointName(1));
  const targets = [{ plan, port: { ...network.attach(plan.name.id), hub: silent } }];
  const [outcome] = buildEndpoints({ host, targets });
  t.ok(outcome?.ok);
  const { exitCode } = execaSync(
    'nsenter',
    [`--net=${fake.pathOf(plan.name.id)}`, 'busybox', 'ping', '-c1', '-W10', '10.213.0.1'],
    {
      reject: false,
    },
  );
  t.equal(exitCode, 0, 'it is whole');
});

t.test('endpoints of one pool reach the gateway and each other', async (t) => {
  const fake = fakeHost(t);
  const { targets } = await built(t, fake, [0, 1]);
  const path = fake.pathOf((targets[0] as BuildTarget).plan.name.id);
  for (const address of ['10.213.0.1', '10.213.0.3']) {
    const { exitCode } = execaSync('nsenter', [`--net=${path}`, 'busybox', 'ping', '-c1', '-W10', address], {
      reject: false,
    });
    t.equal(exitCode, 0, `${address} answers`);
  }
});

t.test('nothing is flooded by unused endpoints', async (t) => {
  const fake = fakeHost(t);
  const { targets } = await built(
    t,
    fake,
    Array.from({ length: 12 }, (_, i) => i),
  );
  await delay(2500);
  const received = (plan: EndpointPlan) => {
    const [link] = ip(fake.pathOf(plan.name.id), '-j', '-s', 'link', 'show', 'eth0') as {
      stats64: { rx: { packets: number } };
    }[];
    return link?.stats64.rx.packets;
  };
  t.same(
    targets.map(({ plan }) => received(plan)),
    targets.map(() => 0),
  );
});

t.test('the hub answers for the endpoints that it knows, and floods no question to others', async (t) => {
  const fake = fakeHost(t);
  const { targets } = await built(t, fake, [0, 1, 2]);
  const [asking, asked, bystander] = targets.map(({ plan }) => plan) as [EndpointPlan, EndpointPlan, EndpointPlan];
  const ping = ['busybox', 'ping', '-c1', '-W1'];
  for (const address of [asked.address.join('.'), '10.213.0.1', '10.213.200.200']) {
    execaSync('nsenter', [`--net=${fake.pathOf(asking.name.id)}`, ...ping, address], { reject: false });
  }
  const [link] = ip(fake.pathOf(bystander.name.id), '-j', '-s', 'link', 'show', 'eth0') as {
    stats64: { rx: { packets: number } };
  }[];
  t.equal(link?.stats64.rx.packets, 0, 'the third heard nothing');
  const neighbours = fake.inHub('-j', 'neighbour') as { dst: string; state: string[] }[];
  t.same(neighbours.map(({ dst }) => dst).sort(), ['10.213.0.1', '10.213.0.2', '10.213.0.3', '10.213.0.4']);
  t.ok(neighbours.every(({ state }) => state.includes('PERMANENT')));
});

t.test('destroying leaves neither link nor mount nor file, and destroying again is no error', async (t) => {
  const fake = fakeHost(t);
  const { host, targets } = await built(t, fake, [0, 1, 2]);
  const names = targets.map(({ plan }) => plan.name);
  for (let time = 0; time < 2; time++) {
    const outcomes = await destroyEndpoints({ host, site: fake.site, names, hubOf: () => undefined });
    t.ok(outcomes.every(({ ok }) => ok));
  }
  nothingRemains(t, fake);
});

t.test('an endpoint whose namespace is held by a process loses its link all the same', async (t) => {
  const fake = fakeHost(t);
  const { host, network, targets } = await built(t, fake, [0, 1]);
  const { plan } = targets[0] as BuildTarget;
  const path = fake.pathOf(plan.name.id);
  const holder = execa('nsenter', [`--net=${path}`, 'sleep', '3600'], { reject: false });
  const inode = statSync(path).ino;
  await eventually('it is inside', () => readlinkSync(`/proc/${holder.pid}/ns/net`) === `net:[${inode}]`);
  const outcomes = await destroyEndpoints({
    host,
    site: fake.site,
    names: targets.map((target) => target.plan.name),
    hubOf: ({ id }) => network.portOf(id)?.hub,
  });
  t.ok(outcomes.every(({ ok }) => ok));
  nothingRemains(t, fake);
  t.match(execaSync('nsenter', [`--net=/proc/${holder.pid}/ns/net`, 'ip', '-j', 'link']).stdout, /"lo"/);
  t.notMatch(execaSync('nsenter', [`--net=/proc/${holder.pid}/ns/net`, 'ip', '-j', 'link']).stdout, /eth0/);
  holder.kill();
  await holder;
});

t.test('the inventory finds what bears the mark, and nothing else', async (t) => {
  const fake = fakeHost(t);
  const { host, targets } = await built(t, fake, [0, 1]);
  fake.ip('link', 'add', 'nother-1', 'type', 'bridge');
  const { links, uplinks, hubs, namespaces } = await takeInventory(host, fake.site);
  t.same([...links.keys()].sort(), ['ndtest-0', 'ndtest-1']);
  t.same(
    uplinks.map(({ name }) => name),
    ['nbtest-xiob'],
  );
  t.same(hubs, ['default.0']);
  t.same([...namespaces.keys()].sort(), targets.map(({ plan }) => plan.name.id).sort());
});

function nothingRemains(t: Test, fake: FakeHost): void {
  const links = [fake.ip('-j', 'link'), fake.inHub('-j', 'link')]
    .flatMap((seen) => seen as SeenLink[])
    .map(({ ifname }) => ifname);
  t.same(
    links.filter((name) => name.startsWith('nd')),
    [],
  );
  t.same(fake.inVault().mounts, []);
}
