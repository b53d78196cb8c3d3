import { basename } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { DoctorReport } from '../../src/doctor/index.js';
import { PLAIN } from '../plain-node.js';
import { type Daemon, SELDOM, startDaemon } from './daemon.js';
import { answersPing, eventually, hubOf, links } from './eye.js';
import { SeenVault } from './vault.js';

const MAIN = new URL('../../src/main.js', import.meta.url).pathname;

async function doctor(daemon: Daemon, ...args: string[]): Promise<{ status: number | undefined; text: string }> {
  const where = ['--state-dir', daemon.stateDir, '--socket', daemon.socket, '--config', daemon.configFile];
  const { exitCode, stdout, stderr } = await execa(
    PLAIN[0],
    [...PLAIN.slice(1), process.execPath, MAIN, 'doctor', ...where, ...args],
    {
      reject: false,
    },
  );
  return { status: exitCode, text: stdout + stderr };
}

async function report(daemon: Daemon, ...args: string[]): Promise<DoctorReport> {
  return JSON.parse((await doctor(daemon, '--json', ...args)).text) as DoctorReport;
}

/** What is told of one check: status and message. */
async function told(daemon: Daemon, name: string): Promise<string[]> {
  const { checks } = await report(daemon);
  return checks.filter(({ check }) => check === name).map(({ status, message }) => `${status} ${message}`);
}

async function readyPaths(daemon: Daemon): Promise<string[]> {
  const vault = new SeenVault(daemon.stateDir);
  return vault.endpoints.map((id) => vault.pathOf(id));
}

/** `sysctl -w`, undone with the test. */
async function set(t: Test, name: string, value: number): Promise<void> {
  const path = `/proc/sys/${name}`;
  const { stdout: before } = await execa('cat', [path]);
  await execa('sh', ['-c', `echo ${value} > ${path}`]);
  t.teardown(() => execa('sh', ['-c', `[ ! -e ${path} ] || echo ${before} > ${path}`]));
}

async function uplinkOf(): Promise<string> {
  const found = (await links()).find((link) => link.addr_info.some(({ local }) => local === '10.213.0.1'));
  if (found === undefined) throw new Error('there is no uplink');
  return found.ifname;
}

t.test('a host on which netnsd runs has nothing failed, with a daemon and without', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const { status, text } = await doctor(daemon, '--verbose');
  t.equal(status, 0, text);
  t.match(text, /\n {2}ok +trial: made a namespace, a veth pair and a bridge\n/);
  t.match(text, /\n {2}ok +subnets: no pool shares/);
  t.match(text, /\n {2}ok +reconcile: 3 endpoints checked, no difference\n/);
  t.match(text, /\n\d+ checks: \d+ ok, \d+ warnings?, 0 failed, \d+ unknown$/);
  await daemon.stop('SIGKILL');
  const dead = await doctor(daemon);
  t.equal(dead.status, 0, dead.text);
  t.match(dead.text, /leftover: no daemon is running; 3 mounted namespaces and 3 records are left\n +-> netnsd serve/);
  t.match(dead.text, /unknown +daemon: no daemon listens on/);
});

t.test('doctor changes nothing: not a link, not a mount, not a file', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const snapshot = async () => {
    const parts = [
      'ip link',
      'ip route show table all',
      'cat /proc/self/mountinfo',
      `find ${daemon.stateDir} -type f -printf '%p %s\\n' | sort`,
    ];
    return (await execa('sh', ['-c', parts.join('; ')])).stdout;
  };
  const before = await snapshot();
  await doctor(daemon);
  t.equal(await snapshot(), before);
});

t.test('changes made by hand are reported, repaired with --fix, and then ok', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const [unmounted, flushed, unlinked] = (await readyPaths(daemon)) as [string, string, string];
  const uplink = await uplinkOf();
  await new SeenVault(daemon.stateDir).unmount(basename(unmounted));
  await execa('nsenter', [`--net=${flushed}`, 'ip', 'address', 'flush', 'dev', 'eth0']);
  await execa('nsenter', [`--net=${unlinked}`, 'ip', 'link', 'delete', 'eth0']);
  await execa('ip', ['link', 'delete', uplink]);
  const first = await doctor(daemon);
  t.equal(first.status, 1);
  for (const problem of [
    `${uplink}: is gone`,
    'its namespace is not mounted any more',
    'its address is gone',
    'its link in the hub is gone',
  ])
    t.match(first.text, new RegExp(`fail +reconcile: .*${problem}\n +-> sudo netnsd doctor --fix`));
  t.equal((await doctor(daemon)).status, 1, 'without --fix nothing is repaired');
  const fixed = await doctor(daemon, '--fix');
  t.equal(fixed.status, 0, fixed.text);
  t.match(fixed.text, new RegExp(`\n\nrepaired\n[\\s\\S]*${uplink}: is gone; repaired`));
  await daemon.filled();
  const after = await report(daemon);
  t.equal(after.counts.fail, 0);
  t.same(after.findings, []);
  const lease = await daemon.acquire();
  t.ok(await answersPing(lease.addresses[0]?.address.split('/')[0] as string));
});

t.test('a lease that lost its link is reported, and --fix cannot repair it', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  await execa('nsenter', [`--net=${hubOf(daemon)}`, 'ip', 'link', 'delete', lease.interface.hostName]);
  const { status, text } = await doctor(daemon, '--fix');
  t.equal(status, 1);
  t.match(
    text,
    new RegExp(`its link in the hub is gone \\(lease ${lease.id}\\)\n +-> its container has no network any more`),
  );
  await daemon.cli('release', lease.id);
  await eventually('it is gone with its endpoint', async () => (await doctor(daemon)).status === 0);
});

t.test('settings of the host are reported when they are made', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const uplink = await uplinkOf();
  await set(t, 'net/ipv4/ip_forward', 0);
  t.match(await told(daemon, 'ip_forward'), [/^warn net\.ipv4\.ip_forward is 0/]);
  await set(t, 'net/ipv4/ip_forward', 1);
  t.match(await told(daemon, 'ip_forward'), [/^ok/]);
  t.match(await told(daemon, 'rp_filter'), [/^ok/]);
  await set(t, `net/ipv4/conf/${uplink}/rp_filter`, 1);
  t.match(await told(daemon, 'rp_filter'), [`warn rp_filter of ${uplink} is 1 (strict)`]);
  await set(t, 'net/ipv4/conf/all/rp_filter', 1);
  t.match(await told(daemon, 'rp_filter'), [/^warn net\.ipv4\.conf\.all\.rp_filter is 1/]);
  t.match(await told(daemon, 'subnets'), [/^ok/]);
  await execa('ip', ['link', 'add', 'vpn', 'type', 'bridge']);
  t.teardown(() => execa('ip', ['link', 'delete', 'vpn']));
  await execa('ip', ['link', 'set', 'vpn', 'up']);
  await execa('ip', ['route', 'add', '10.213.0.128/25', 'dev', 'vpn', 'table', '77']);
  t.match(await told(daemon, 'subnets'), [/^fail .* overlaps the host's route 10\.213\.0\.128\/25 on vpn$/]);
  t.equal((await doctor(daemon)).status, 1);
});

/** IPReversePathFilter of /proc/net/netstat: how many packets were dropped so. */
async function droppedByReversePath(): Promise<number> {
  const { stdout } = await execa('cat', ['/proc/net/netstat']);
  const [names = [], values = []] = stdout.split('\n').map((line) => line.split(' '));
  return Number(values[names.indexOf('IPReversePathFilter')]);
}

t.test(
  'strict reverse path filtering drops what the host would answer over another link, as doctor says',
  async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
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

t.test('a firewall that keeps containers of one pool from each other is told, until a rule lets them', async (t) => {
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
});

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

t.test('without root, checks that need it are unknown', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const where = ['--state-dir', daemon.stateDir, '--socket', daemon.socket];
  await execa('chmod', ['755', daemon.folder]);
  const { exitCode, stdout } = await execa(
    'setpriv',
    [
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      '--bounding-set=+all',
      process.execPath,
      MAIN,
      'doctor',
      ...where,
    ],
    { reject: false },
  );
  t.equal(exitCode, 0, stdout);
  t.match(stdout, /unknown +firewall: cannot be checked: E.*\n +-> sudo netnsd doctor/);
  t.match(stdout, /unknown +trial: cannot be tried without root/);
  t.match(stdout, /unknown +daemon: permission denied on/);
  t.match(stdout, /unknown +leftover: cannot be checked: EACCES/);
});
