import { basename } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { type Daemon, SELDOM, startDaemon } from './daemon.js';
import { doctor, MAIN, report, set, told, uplinkOf } from './doctor-run.js';
import { answersPing, eventually, hubOf } from './eye.js';
import { SeenVault } from './vault.js';

async function readyPaths(daemon: Daemon): Promise<string[]> {
  const vault = new SeenVault(daemon.stateDir);
  return vault.endpoints.map((id) => vault.pathOf(id));
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

t.test('a way out of the host with a smaller MTU than the pool is a warning', async (t) => {
  await using daemon = await startDaemon(t, `${SELDOM}mtu = 1500\n`);
  t.match(await told(daemon, 'mtu'), [/^ok the host has no route/]);
  t.teardown(() => execa('ip', ['link', 'delete', 'wg0']));
  for (const command of [
    'link add wg0 mtu 1420 up type veth peer name wg1',
    'address add 10.99.0.1/24 dev wg0',
    'route add default via 10.99.0.2',
  ])
    await execa('ip', command.split(' '));
  t.match(await told(daemon, 'mtu'), [/^warn link nb\S+ has an MTU of 1500, and wg0, .* of 1420$/]);
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
  await using daemon = await startDaemon(t, `${SELDOM}masquerade = false\n`);
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
