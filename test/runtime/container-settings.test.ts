import { writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { startDaemon } from './daemon.js';
import { answersPing, eventually, links } from './eye.js';

const POOL = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
subnet6 = "fd00:213::/64"
min_ready = 3
max = 6
sizing = "fixed"
address_cooldown_seconds = 0
anti_spoof = false
`;
const CONFIG = `${POOL}interface = "net1"
routes = ["10.9.0.0/16 via 10.213.0.2", "fd00:9::/48 via fd00:213::ad5:2"]
[pools.default.sysctls]
"net.core.somaxconn" = 321
"net.ipv4.tcp_rmem" = "4096 65536 1048576"
"net.ipv4.ip_unprivileged_port_start" = 80
"net.ipv4.ping_group_range" = "0 5"
"net.ipv4.conf.net1.arp_notify" = 1
`;

const run = (netns: string, ...command: string[]): string =>
  execaSync('nsenter', [`--net=${netns}`, ...command]).stdout;
const sysctl = (netns: string, name: string): string =>
  run(netns, 'cat', `/proc/sys/${name.replaceAll('.', '/')}`).replaceAll('\t', ' ');
const reaches = async (netns: string, address: string): Promise<boolean> => {
  const ping = ['/bin/busybox', 'ping', '-c1', '-W10', address];
  return (await execa('nsenter', [`--net=${netns}`, ...ping], { reject: false })).exitCode === 0;
};
const addressOf = ({ addresses }: Lease): string => addresses[0]?.address.split('/')[0] as string;

t.test('containers have the interface, routes and sysctls of their pool', async (t) => {
  await using daemon = await startDaemon(t, CONFIG.replace('max = 6', 'max = 3'));
  const shown = await daemon.cli('inspect', 'default');
  for (const line of ['interface +net1', 'routes +10.9.0.0/16 via 10.213.0.2', 'sysctls.net.core.somaxconn +321'])
    t.match(shown, new RegExp(`^${line}`, 'm'));
  const leases = await Promise.all(['one', 'two', 'three'].map((id) => daemon.acquire('--id', id)));
  const router = leases.find((lease) => addressOf(lease) === '10.213.0.2') as Lease;
  // By their addresses: what is pristine was read from one that had 10.213.0.3.
  const [user, other] = ['10.213.0.4', '10.213.0.3'].map((own) => leases.find((lease) => addressOf(lease) === own)) as [
    Lease,
    Lease,
  ];
  t.match(await daemon.cli('inspect', user.id), /^sysctls +net\.core\.somaxconn = 321/m);
  const { path } = user.netns;

  t.match(user.interface, { name: 'net1' });
  t.strictSame(
    (await links(path)).map(({ ifname }) => ifname),
    ['lo', 'net1'],
  );
  await eventually('it answers', () => answersPing(addressOf(user)));
  t.strictSame(user.sysctls, {
    'net.core.somaxconn': '321',
    'net.ipv4.tcp_rmem': '4096 65536 1048576',
    'net.ipv4.ip_unprivileged_port_start': '80',
    'net.ipv4.ping_group_range': '0 5',
    'net.ipv4.conf.net1.arp_notify': '1',
  });
  for (const [name, value] of Object.entries(user.sysctls ?? {})) t.equal(sysctl(path, name), value, name);

  // What another container routes is reached by it, in both families.
  t.equal(user.routes.length, 4);
  t.equal(router.routes.length, 2, 'the gateway itself has no such route');
  run(router.netns.path, 'ip', 'address', 'add', '10.9.1.1/32', 'dev', 'lo');
  run(router.netns.path, 'ip', 'address', 'add', 'fd00:9::1/128', 'dev', 'lo', 'nodad');
  for (const address of ['10.9.1.1', 'fd00:9::1'])
    await eventually(`it reaches ${address}`, () => reaches(path, address));

  // All of it is pristine; what an engine sets for its container is set back to what the pool says.
  run(path, 'sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start');
  await daemon.cli('release', user.id);
  await eventually('it is verified', async () => (await daemon.pools())[0]?.dirty === 0);
  t.match(await daemon.pools(), [{ recycledByProof: 1, replaced: 0 }]);
  const again = await daemon.acquire('--id', 'four');
  t.equal(again.netns.inode, user.netns.inode);
  t.equal(sysctl(again.netns.path, 'net.ipv4.ip_unprivileged_port_start'), '80');

  run(other.netns.path, 'sh', '-c', 'echo 5 >/proc/sys/net/core/somaxconn');
  await daemon.cli('release', other.id);
  await eventually('it is replaced', async () => (await daemon.pools())[0]?.replaced === 1);
  t.match(await daemon.pools(), [{ replacements: [{ kind: 'sysctls' }] }]);
});

t.test('sysctls that a network namespace does not take are refused, and a change builds new endpoints', async (t) => {
  const refused: [line: string, why: RegExp][] = [
    ['"net.core.netdev_max_backlog" = 9', /netdev_max_backlog.*a new network namespace has no sysctl of this name/],
    ['"net.core.rmem_max" = 999999', /net\.core\.rmem_max.*: (a new|the kernel refuses)/],
    ['"net.core.somaxconn" = -1', /net\.core\.somaxconn.*the kernel refuses the value -1 \(EINVAL\)/],
    ['"net.ipv4.ip_forward" = "01"', /net\.ipv4\.ip_forward.*the kernel makes 1 of 01/],
  ];
  await using daemon = await startDaemon(t, POOL);
  const lease = await daemon.acquire('--id', 'one');
  for (const [line, why] of refused) {
    writeFileSync(daemon.configFile, `${POOL}[pools.default.sysctls]\n${line}\n`);
    await t.rejects(daemon.cli('reload'), { message: why }, line);
  }
  t.match(await daemon.get('/v1/status'), { configuration: { error: /01/ } });
  const settings = 'interface = "lan0"\nsysctls."net.ipv6.conf.lan0.hop_limit" = 9\n';
  writeFileSync(daemon.configFile, POOL + settings);
  t.strictSame((await daemon.cli('reload')).split('\n'), [
    'pools.default.interface: "eth0" -> "lan0"',
    'pools.default.sysctls.net.ipv6.conf.lan0.hop_limit: none -> "9"',
  ]);
  await daemon.filled();
  const next = await daemon.acquire('--id', 'two');
  t.match([lease.interface.name, next.interface.name], ['eth0', 'lan0']);
  t.equal(sysctl(next.netns.path, 'net.ipv6.conf.lan0.hop_limit'), '9');
  await eventually('a lease keeps what it has', () => reaches(lease.netns.path, addressOf(next)));

  // A daemon that is started is as strict as one that runs; one that may start takes over what fits.
  const line = refused[0]?.[0];
  await daemon.stop();
  writeFileSync(daemon.configFile, `${POOL}[pools.default.sysctls]\n${line}\n`);
  t.equal((await daemon.start()).exitCode, 1);
  t.match(daemon.log(), refused[0]?.[1] as RegExp);
  writeFileSync(daemon.configFile, POOL + settings);
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  t.match(await daemon.leases(), [{ id: lease.id }, { id: next.id }]);
  const { findings } = (await daemon.send('POST', '/v1/reconcile', { fix: true })).body as { findings: unknown };
  t.strictSame(findings, []);
  t.match(await daemon.pools(), [{ ready: 3, replaced: 0 }]);
});
