import { setTimeout as delay } from 'node:timers/promises';
import { execaSync } from 'execa';
import t from 'tap';
import type { BuildTarget } from '../../src/endpoint/build/endpoint-build.js';
import { graftEndpoint } from '../../src/endpoint/build/graft.js';
import { eventually } from '../runtime/eye.js';
import { built } from './built.js';
import { fakeHost, ip, SETTINGS } from './fake-host.js';
import { makeTarget } from './graft-scene.js';
import { runInside, Stage } from './hostile/stage.js';

const DUAL = { ...SETTINGS, subnet6: 'fd00:213::/64' };
const GATEWAY = 'fd00:213::1';

interface SeenAddress {
  local: string;
  prefixlen: number;
  scope: string;
  tentative?: boolean;
  dadfailed?: boolean;
}

/** The addresses of IPv6 on eth0, as iproute2 sees them. */
function addresses(path: string): SeenAddress[] {
  const [link] = ip(path, '-j', '-6', 'address', 'show', 'eth0') as { addr_info: SeenAddress[] }[];
  return link?.addr_info ?? [];
}

function reaches(path: string, address: string): boolean {
  const ping = ['busybox', 'ping', '-c1', '-W10', address];
  return execaSync('nsenter', [`--net=${path}`, ...ping], { reject: false }).exitCode === 0;
}

/** A router advertisement (RFC 4861, 4.2) with a lifetime and a prefix, from `source` to `target` by `link`. */
const ADVERTISE = `
import socket, struct, sys
link, source, target = sys.argv[1:]
index = socket.if_nametoindex(link)
raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
raw.bind((source, 0, 0, index))
prefix = struct.pack('!BBBBIII', 3, 4, 64, 0xc0, 3600, 3600, 0) + socket.inet_pton(socket.AF_INET6, '2001:db8::')
raw.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0) + prefix, (target, 0, 0, index))
`;

function advertise(from: string, words: readonly [link: string, source: string, target: string]): void {
  execaSync('nsenter', [`--net=${from}`, 'python3', '-c', ADVERTISE, ...words]);
}

/** Whether a default route came by a router advertisement. */
const isRouted = (path: string): boolean => String(ip(path, '-6', 'route')).includes('proto ra');

t.test('an endpoint of a pool with subnet6 has both families, ready at once', async (t) => {
  const fake = fakeHost(t);
  const { targets, outcomes } = await built(t, fake, [3, 4], DUAL);
  t.match(outcomes, [{ ok: true }, { ok: true }]);
  const [path, other] = targets.map(({ plan }) => fake.pathOf(plan.name.id)) as [string, string];
  const seen = addresses(path);
  t.match(seen, [
    { local: 'fd00:213::ad5:5', prefixlen: 64, scope: 'global' },
    { local: 'fe80::ad5:5', prefixlen: 64, scope: 'link' },
  ]);
  t.equal(seen.length, 2, 'none was generated');
  t.notOk(
    seen.some(({ tentative, dadfailed }) => tentative || dadfailed),
    'none is tentative',
  );
  t.match(ip(path, '-j', '-6', 'route', 'show', 'default'), [{ gateway: GATEWAY, dev: 'eth0' }]);
  t.same(ip(path, '-j', '-6', 'neighbour'), [], 'nothing was asked');
  t.match(ip(path, '-6', 'route', 'get', '2001:db8::1'), 'src fd00:213::ad5:5');
  for (const to of [GATEWAY, 'fd00:213::ad5:6', 'fe80::ad5:6%eth0', 'fe80::1%eth0']) t.ok(reaches(path, to), to);
  t.ok(reaches(fake.netnsPath, 'fd00:213::ad5:6'), 'the host reaches it');
  t.match(ip(path, '-j', '-6', 'neighbour', 'show', 'fd00:213::ad5:6'), [{ lladdr: '0a:58:0a:d5:00:06' }]);
  t.match(ip(other, '-j', '-6', 'neighbour', 'show', GATEWAY), [], 'who was not asked, asks nothing of the gateway');
  const ofHub = String(fake.inHub('-6', 'route', 'show', 'table', 'all')).split('\n');
  t.same(
    ofHub.filter((route) => route !== '' && !/dev lo\b/.test(route)),
    [],
    'ports of the hub have no IPv6',
  );
});

t.test('a pool without subnet6 has no IPv6', async (t) => {
  const fake = fakeHost(t);
  const { targets } = await built(t, fake, [3]);
  t.same(addresses(fake.pathOf((targets[0] as BuildTarget).plan.name.id)), []);
  t.notMatch(execaSync('nsenter', [`--net=${fake.hubPath()}`, 'nft', 'list', 'ruleset']).stdout, 'solicitations');
});

t.test(
  'neither endpoints nor the uplink hear of unused endpoints, and questions reach only who is asked',
  async (t) => {
    const fake = fakeHost(t);
    const { targets } = await built(t, fake, [0, 1, 2, 3, 4, 5, 6, 7], DUAL);
    const paths = targets.map(({ plan }) => fake.pathOf(plan.name.id)) as [string, string, ...string[]];
    const received = (path: string, link: string): number => {
      const [seen] = ip(path, '-j', '-s', 'link', 'show', link) as { stats64: { rx: { packets: number } } }[];
      return seen?.stats64.rx.packets ?? -1;
    };
    await delay(2500);
    t.same(
      [...paths.map((path) => received(path, 'eth0')), received(fake.netnsPath, 'nbtest-xiob')],
      paths.map(() => 0).concat(0),
    );
    t.ok(reaches(paths[0], 'fd00:213::ad5:3'));
    t.ok(received(paths[1], 'eth0') > 0, 'the one who was asked');
    t.same(
      paths.slice(2).map((path) => received(path, 'eth0')),
      paths.slice(2).map(() => 0),
    );
  },
);

t.test('router advertisements are not let through, and not accepted where they come all the same', async (t) => {
  const fake = fakeHost(t);
  const { targets } = await built(t, fake, [0, 1], DUAL);
  const [path, control] = targets.map(({ plan }) => fake.pathOf(plan.name.id)) as [string, string];
  execaSync('nsenter', [`--net=${control}`, 'sysctl', '-qw', 'net.ipv6.conf.eth0.accept_ra=1']);
  const link = 'nbtest-xiob';
  const targetsOf = ['fe80::ad5:2', 'fe80::ad5:3'];
  for (const to of targetsOf) t.ok(reaches(fake.netnsPath, `${to}%${link}`));
  const toAll = (): void => {
    for (const to of targetsOf) advertise(fake.netnsPath, [link, 'fe80::1', to]);
  };
  toAll();
  await delay(300);
  t.notOk(isRouted(control), 'the hub drops them');
  execaSync('nsenter', [`--net=${fake.hubPath()}`, 'nft', 'flush', 'ruleset']);
  toAll();
  await eventually('who accepts them has a route', () => isRouted(control), 20_000);
  t.notOk(isRouted(path), 'an endpoint does not');
  t.equal(addresses(path).length, 2);
  advertise(path, ['eth0', 'fe80::ad5:2', 'fe80::1']);
  await delay(300);
  t.notOk(isRouted(fake.netnsPath), 'nor does the host, from a container');
  execaSync('nsenter', [`--net=${fake.netnsPath}`, 'sysctl', '-qw', `net.ipv6.conf.${link}.accept_ra=1`]);
  advertise(path, ['eth0', 'fe80::ad5:2', 'fe80::1']);
  await eventually('a host that accepts them has a route', () => isRouted(fake.netnsPath), 20_000);
});

t.test('a grafted interface has both families, in a namespace that had IPv6 switched off', async (t) => {
  const fake = fakeHost(t);
  const { host, targets } = await built(t, fake, [3], DUAL);
  const [{ plan, port }] = targets as [BuildTarget];
  const target = makeTarget(t);
  execaSync('nsenter', [`--net=${target.path}`, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1']);
  await graftEndpoint({ host, hub: port.hub, plan, targetFd: target.fd });
  t.match(addresses(target.path), [{ local: 'fd00:213::ad5:5' }, { local: 'fe80::ad5:5' }]);
  t.match(execaSync('nsenter', [`--net=${target.path}`, 'sysctl', '-n', 'net.ipv6.conf.eth0.accept_ra']), {
    stdout: '0',
  });
  t.ok(reaches(target.path, GATEWAY));
});

/** Each leaves something of IPv6 behind. */
const WAYS: readonly [title: string, command: string, kinds: readonly string[]][] = [
  ['another address', 'ip address add fd00:213::ad5:99/64 dev eth0 nodad', ['addresses']],
  ['its own address under another prefix', 'ip address add fd00:214::ad5:2/64 dev eth0 nodad', ['addresses']],
  [
    'its address deprecated',
    'ip address change fd00:213::ad5:2/64 dev eth0 preferred_lft 0 valid_lft forever',
    ['addresses'],
  ],
  ['no link-local address', 'ip address del fe80::ad5:2/64 dev eth0', ['addresses']],
  ['a route', 'ip -6 route add 2001:db8::/32 via fd00:213::1', ['routes']],
  ['another gateway', 'ip -6 route replace default via fd00:213::ad5:9', ['routes']],
  ['a rule', 'ip -6 rule add from fd00:213::ad5:2 table 99', ['rules']],
  ['a neighbour', 'ip -6 neighbour add fd00:213::1 lladdr 02:00:00:00:00:01 nud permanent dev eth0', ['neighbours']],
  ['router advertisements', 'sysctl -qw net.ipv6.conf.eth0.accept_ra=2', ['sysctls']],
  ['forwarding', 'sysctl -qw net.ipv6.conf.all.forwarding=1', ['sysctls']],
];

t.test('what is left behind of IPv6 is found by seal and by proof, and traffic is no trace', async (t) => {
  const stage = await Stage.open(t, DUAL);
  for (const [title, command, kinds] of WAYS) {
    for (const way of ['proof', 'seal'] as const) {
      const victim = await stage.build({ settled: true });
      runInside(victim, [command]);
      const verdict = await stage.verify(victim, way);
      t.equal(verdict.clean, false, `${title}, by ${way}`);
      if (!verdict.clean)
        t.ok([...kinds, 'sysctls'].includes(verdict.kind), `${title}: ${verdict.kind}: ${verdict.text}`);
      await stage.destroy(victim);
    }
  }
  const victim = await stage.build({ settled: true });
  for (const way of ['seal', 'proof'] as const) {
    t.ok(reaches(victim.path, GATEWAY));
    t.match(await stage.verify(victim, way), { clean: true, way }, `after traffic, by ${way}`);
  }
  await stage.destroy(victim);
});
