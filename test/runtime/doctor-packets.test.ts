import { execa } from 'execa';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';
import { report, set, told, uplinkOf } from './doctor-run.js';

/** IPReversePathFilter of /proc/net/netstat: how many packets were dropped so. */
async function droppedByReversePath(): Promise<number> {
  const { stdout } = await execa('cat', ['/proc/net/netstat']);
  const [names = [], values = []] = stdout.split('\n').map((line) => line.split(' '));
  return Number(values[names.indexOf('IPReversePathFilter')]);
}

t.test(
  'strict reverse path filtering drops what the host would answer over another link, as doctor says',
  async (t) => {
    // With it, the hub drops the ping.
    await using daemon = await startDaemon(t, `${SELDOM}anti_spoof = false\n`);
    const { netns } = await daemon.acquire();
    const uplink = await uplinkOf();
    await execa('ip', ['link', 'add', 'vpn', 'type', 'bridge']);
    t.teardown(() => execa('ip', ['link', 'delete', 'vpn']));
    await execa('ip', ['link', 'set', 'vpn', 'up']);
    await execa('ip', ['route', 'add', '192.0.2.0/24', 'dev', 'vpn']);
    await execa('nsenter', [`--net=${netns.path}`, 'ip', 'address', 'add', '192.0.2.9/32', 'dev', 'eth0']);
    const droppedPings = async () => {
      const before = await droppedByReversePath();
      await execa(
        'nsenter',
        [`--net=${netns.path}`, '/bin/busybox', 'ping', '-c1', '-W1', '-I', '192.0.2.9', '10.213.0.1'],
        { reject: false },
      );
      return (await droppedByReversePath()) - before;
    };
    t.equal(await droppedPings(), 0);
    await set(t, `net/ipv4/conf/${uplink}/rp_filter`, 1);
    t.equal(await droppedPings(), 1);
    await set(t, 'net/ipv4/conf/all/rp_filter', 2);
    t.equal(await droppedPings(), 0, 'loose, as it advises');
    t.match(await told(daemon, 'rp_filter'), [/^ok/]);
  },
);

t.test(
  'a firewall keeps containers from what is beyond the host, and not from each other, until a rule lets them',
  async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
    const [one, two] = [await daemon.acquire(), await daemon.acquire()];
    const address = two.addresses[0]?.address.split('/')[0] as string;
    const reaches = async () =>
      (
        await execa('nsenter', [`--net=${one.netns.path}`, '/bin/busybox', 'ping', '-c1', '-W1', address], {
          reject: false,
        })
      ).exitCode === 0;
    for (const program of ['iptables', 'iptables-legacy']) {
      await set(t, 'net/bridge/bridge-nf-call-iptables', 1);
      t.ok(await reaches());
      t.match(await told(daemon, 'firewall'), [/^ok/]);
      await execa(program, ['-P', 'FORWARD', 'DROP']);
      t.ok(await reaches(), `${program}: traffic within a pool does not pass the host`);
      t.match(await told(daemon, 'firewall'), [/^warn .* reach nothing beyond this host$/]);
      // The very rules that it advises.
      const { checks } = await report(daemon);
      const advice = checks.find(({ check }) => check === 'firewall')?.advice?.split('\n') ?? [];
      const rules = advice.filter((line) => line.startsWith(program)).map((line) => line.replace(/ \(.*/, ''));
      t.equal(rules.length, 2);
      for (const rule of rules) await execa('sh', ['-c', rule]);
      t.ok(await reaches());
      t.match(await told(daemon, 'firewall'), [/^ok/]);
      await execa(program, ['-F', 'FORWARD']);
      await execa(program, ['-P', 'FORWARD', 'ACCEPT']);
    }
  },
);

t.test('a rule of nftables by subnet counts as well', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  await execa('nft', [
    'add table inet mine; add chain inet mine passing { type filter hook forward priority 0; policy drop; }',
  ]);
  t.teardown(() => execa('nft', ['delete', 'table', 'inet', 'mine']));
  t.match(await told(daemon, 'firewall'), [/chain passing of table inet mine drops/]);
  for (const rule of [
    'ip saddr 10.214.0.0/24 accept',
    'ip saddr 10.213.0.0/24 drop',
    'tcp dport 80 accept',
    'iifname != "nb*" accept',
  ])
    await execa('nft', [`add rule inet mine passing ${rule}`]);
  t.match(
    await told(daemon, 'firewall'),
    [/chain passing of table inet mine drops/],
    'none of these accepts packets of the pool',
  );
  await execa('nft', ['add rule inet mine passing ip daddr 10.208.0.0/12 accept']);
  t.match(await told(daemon, 'firewall'), [/^ok/]);
});

t.test('a firewall of IPv6 is found, and the rules that are advised let the pool through', async (t) => {
  await using daemon = await startDaemon(t, `${SELDOM}subnet6 = "fd00:213::/64"\n`);
  for (const program of ['ip6tables', 'ip6tables-legacy']) {
    t.match(await told(daemon, 'firewall'), [/^ok/]);
    await execa(program, ['-P', 'FORWARD', 'DROP']);
    t.match(await told(daemon, 'firewall'), [/^warn .* pool default reach nothing beyond this host by IPv6$/]);
    const { checks } = await report(daemon);
    const advice = checks.find(({ check }) => check === 'firewall')?.advice?.split('\n') ?? [];
    const rules = advice.filter((line) => line.startsWith(`${program} `)).map((line) => line.replace(/ \(.*/, ''));
    t.equal(rules.length, 2);
    for (const rule of rules) await execa('sh', ['-c', rule]);
    t.match(await told(daemon, 'firewall'), [/^ok/]);
    await execa(program, ['-F', 'FORWARD']);
    await execa(program, ['-P', 'FORWARD', 'ACCEPT']);
  }
  await execa('nft', [
    'add table ip6 mine; add chain ip6 mine passing { type filter hook forward priority 0; policy drop; }',
  ]);
  t.teardown(() => execa('nft', ['delete', 'table', 'ip6', 'mine']));
  await execa('nft', ['add rule ip6 mine passing ip6 saddr fd00:214::/64 accept']);
  t.match(await told(daemon, 'firewall'), [/chain passing of table ip6 mine drops .* by IPv6$/]);
  await execa('nft', ['add rule ip6 mine passing ip6 daddr fd00:213::/48 accept']);
  t.match(await told(daemon, 'firewall'), [/^ok/]);
});
