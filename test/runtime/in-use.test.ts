import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, MAIN, startDaemon } from './daemon.js';
import { answersPing, eventually, links } from './eye.js';

const FOLDERS = ['building', 'ready', 'leased', 'dirty', 'broken', 'destroying'];

function toml(pool: string, subnet: string, more = ''): string {
  return `reconcile_seconds = 1\n[pools.${pool}]\nsubnet = "${subnet}"\nmin_ready = 1\nmax = 4\nsizing = "fixed"\n${more}`;
}

/** A process that stays in a lease's namespace until it is ended; its pid and an end. */
function occupy(t: Test, lease: Lease): { pid: number; end(): Promise<void> } {
  const child = execa('nsenter', [`--net=${lease.netns.path}`, 'sleep', '3600'], { reject: false });
  const end = async () => {
    child.kill('SIGKILL');
    await child;
  };
  t.teardown(end);
  return { pid: child.pid as number, end };
}

const addressOf = (lease: Lease): string => (lease.addresses[0]?.address ?? '').split('/')[0] as string;

async function isInside({ pid }: { pid: number }, lease: Lease): Promise<void> {
  const inode = String(lease.netns.inode);
  await eventually('the process is inside', async () =>
    (await execa('readlink', [`/proc/${pid}/ns/net`], { reject: false })).stdout.includes(inode),
  );
}

async function restart(daemon: Daemon, config: string): Promise<void> {
  writeFileSync(daemon.configFile, config);
  await daemon.stop();
  daemon.start();
  await daemon.answers();
  await daemon.filled();
}

/** Whether the process reaches the gateway, by a ping from its namespace. */
async function reaches(process: { pid: number }, gateway: string): Promise<boolean> {
  const command = ['--target', String(process.pid), '--net', 'busybox', 'ping', '-c1', '-W10', gateway];
  return (await execa('nsenter', command, { reject: false })).exitCode === 0;
}

for (const [what, lose] of Object.entries({
  'were wiped': (stateDir: string) => {
    for (const name of FOLDERS) rmSync(join(stateDir, name), { recursive: true });
  },
  'are of another version': (stateDir: string) => {
    const path = join(stateDir, 'leased', 'default-1.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version":1', '"version":7'));
  },
})) {
  t.test(`a container keeps its network when the records ${what}, as a lease until it ends`, async (t) => {
    const config = toml('default', '10.213.0.0/24', 'gone_after_seconds = 1\n');
    await using daemon = await startDaemon(t, config);
    const lease = await daemon.acquire('--id', 'web');
    const user = occupy(t, lease);
    await isInside(user, lease);
    await eventually('the lease has a record', () => existsSync(join(daemon.stateDir, 'leased', 'default-1.json')));
    await daemon.stop();
    lose(daemon.stateDir);
    daemon.start();
    await daemon.answers();
    await daemon.filled();
    t.ok(await answersPing(addressOf(lease)), 'it is reached');
    t.ok(await reaches(user, '10.213.0.1'), 'it reaches its gateway');
    const [kept] = await daemon.leases();
    t.match(kept, { tenant: 'recovered', containerId: null, addresses: lease.addresses, netns: lease.netns });
    t.match(daemon.log(), new RegExp(`"endpoint":"default-1".*"pids":\\[${user.pid}\\].*no valid record`));
    const other = await daemon.acquire('--id', 'other');
    t.not(addressOf(other), addressOf(lease), 'another lease has another address');
    await user.end();
    await eventually('the lease ends with its container', async () =>
      (await daemon.leases()).every(({ id }) => id === other.id),
    );
  });
}

t.test('leases of a pool that was renamed stand, are listed and released, and the pool ends with them', async (t) => {
  await using daemon = await startDaemon(t, toml('former', '10.213.0.0/24'));
  const lease = await daemon.acquire('--id', 'web');
  const idle = await daemon.acquire('--id', 'idle');
  const user = occupy(t, lease);
  await isInside(user, lease);
  await restart(daemon, toml('latter', '10.99.0.0/24'));
  t.same((await daemon.leases()).map(({ id }) => id).sort(), [lease.id, idle.id].sort());
  t.ok(await answersPing(addressOf(lease)));
  await t.rejects(daemon.cli('acquire', '--pool', 'former'), /pool former is no longer configured/);
  await t.rejects(daemon.cli('release', lease.id), /in use by process/);
  t.equal((await daemon.acquire('--id', 'next')).pool, 'latter', 'the only pool that leases');
  await daemon.cli('release', idle.id);
  await daemon.cli('release', '--force', lease.id);
  t.ok(await answersPing(addressOf(lease)), 'released by force, it is kept while a process is inside');
  await restart(daemon, toml('latter', '10.99.0.0/24'));
  t.ok(await answersPing(addressOf(lease)), 'over a restart too');
  await user.end();
  const hubs = `${daemon.stateDir}/netns/../hubs`;
  const ours = async (pool: string) =>
    (await links(`${hubs}/${pool}.0`)).filter(({ ifname }) => /^nd/.test(ifname)).length;
  await eventually('nothing of it is left', async () => {
    const former = (await daemon.pools()).find(({ name }) => name === 'former');
    return former === undefined || former.leased + former.dirty + former.destroying === 0;
  });
  await eventually('its hub is gone with its links', () => !existsSync(`${hubs}/former.0`));
  t.equal(await ours('latter'), 2, 'the ready endpoint and the lease of the other pool');
  await restart(daemon, toml('latter', '10.99.0.0/24'));
  t.same(
    (await daemon.pools()).map(({ name }) => name),
    ['latter'],
  );
  t.equal((await links()).filter(({ ifname }) => /^nb/.test(ifname)).length, 1, 'its uplink is gone');
  t.same(readdirSync(hubs), ['latter.0'], 'and its hub');
});

t.test('a pool on the subnet of standing leases of another pool is refused with their names', async (t) => {
  await using daemon = await startDaemon(t, toml('former', '10.213.0.0/24'));
  const lease = await daemon.acquire('--id', 'web');
  await daemon.stop();
  const config = join(daemon.folder, 'other.toml');
  writeFileSync(config, toml('latter', '10.213.0.0/16'));
  const before = (await links()).map(({ ifname }) => ifname);
  const { exitCode, stderr } = await execa(
    MAIN,
    ['serve', '--config', config, '--state-dir', daemon.stateDir, '--socket', daemon.socket],
    { reject: false },
  );
  t.not(exitCode, 0);
  t.match(stderr, /subnet 10\.213\.0\.0\/16 of pool latter is in use by active leases of pool former: web;/);
  t.same(
    (await links()).map(({ ifname }) => ifname),
    before,
  );
  daemon.start();
  await daemon.answers();
  t.equal((await daemon.leases())[0]?.id, lease.id, 'with its own configuration it goes on');
});

t.test('leases stand when the subnet of their pool changes, and its old gateway goes with the last', async (t) => {
  await using daemon = await startDaemon(t, toml('default', '10.88.0.0/16'));
  const lease = await daemon.acquire('--id', 'web');
  const user = occupy(t, lease);
  await isInside(user, lease);
  await restart(daemon, toml('default', '10.99.0.0/16'));
  t.ok(await answersPing(addressOf(lease)), 'it is reached');
  t.ok(await reaches(user, '10.88.0.1'), 'it reaches its gateway');
  t.same(await reconciled(daemon), []);
  t.match(addressOf(await daemon.acquire('--id', 'next')), /^10\.99\./);
  await user.end();
  await daemon.cli('release', lease.id);
  await eventually('the old gateway is gone', async () => {
    const gateways = (await links()).flatMap(({ addr_info }) => addr_info.map(({ local }) => local));
    return !gateways.includes('10.88.0.1') && gateways.includes('10.99.0.1');
  });
});

t.test('netnsd down is refused with who is inside, unless forced', async (t) => {
  await using daemon = await startDaemon(t, toml('default', '10.213.0.0/24'));
  const lease = await daemon.acquire('--id', 'web');
  const user = occupy(t, lease);
  await isInside(user, lease);
  const down = (...more: string[]) => daemon.cli('down', '--state-dir', daemon.stateDir, ...more);
  await t.rejects(down(), new RegExp(`1 endpoints are in use: web \\(process ${user.pid} sleep\\).*--force`));
  t.equal((await daemon.leases())[0]?.id, lease.id, 'the daemon lives');
  await daemon.stop();
  await t.rejects(down(), /in use: web/, 'also where no daemon runs');
  t.ok(await answersPing(addressOf(lease)));
  await down('--force');
  t.notOk(await answersPing(addressOf(lease)));
});

t.test('install.sh --uninstall removes nothing while a process is inside', async (t) => {
  await using daemon = await startDaemon(t, toml('default', '10.213.0.0/24'));
  const lease = await daemon.acquire('--id', 'web');
  const user = occupy(t, lease);
  await isInside(user, lease);
  const prefix = join(daemon.folder, 'prefix');
  const program = join(prefix, 'bin', 'netnsd');
  for (const folder of [join(prefix, 'bin'), '/run/netnsd']) mkdirSync(folder, { recursive: true });
  symlinkSync(MAIN, program);
  const env = { NETNSD_STATE_DIR: daemon.stateDir };
  const uninstall = (...more: string[]) =>
    execa('bash', ['native-scripts/install.sh', '--prefix', prefix, '--uninstall', ...more], { env, reject: false });
  const refused = await uninstall();
  t.equal(refused.exitCode, 1);
  t.match(refused.stderr, /in use: web .*nothing was removed/s);
  t.ok(existsSync(program));
  t.ok(await answersPing(addressOf(lease)));
  const forced = await uninstall('--force');
  t.equal(forced.exitCode, 0, forced.stderr);
  t.notOk(existsSync(program));
});

async function reconciled(daemon: Daemon): Promise<unknown[]> {
  const { body } = await daemon.send('POST', '/v1/reconcile', { fix: false });
  return (body as { findings: unknown[] }).findings;
}
