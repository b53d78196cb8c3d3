import { existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { editSpec, makeBundle } from './bundle.js';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { SeenVault } from './vault.js';
import { atRest, mounts, POOL, recorded } from './vault-pool.js';

/** Kills what stands in the vault, all of it at once. */
async function killVault(vault: SeenVault): Promise<void> {
  const processes = vault.processes;
  process.kill(-vault.resident, 'SIGKILL');
  await eventually('they have ended', () => processes.every((pid) => !existsSync(`/proc/${pid}/root/ns`)));
}

/** Each path leads to the namespace that is recorded for it, in a network of its own. */
function allStand(t: Test, endpoints: ReadonlyMap<string, number>): void {
  for (const [path, inode] of endpoints) t.equal(statSync(path, { throwIfNoEntry: false })?.ino, inode, path);
}

t.test('a pool adds two mounts to the host, whatever its size, and none once it is down', async (t) => {
  const before = mounts();
  await using daemon = await startDaemon(t, POOL);
  await daemon.acquire('--count', '10');
  await atRest(daemon);
  t.ok(new SeenVault(daemon.stateDir).endpoints.length >= 18);
  t.ok(mounts() - before <= 3, `${mounts() - before} more`);
  await daemon.down();
  t.equal(mounts(), before);
});

t.test(
  'a file system of the host can be unmounted while a pool that was built since it was mounted stands',
  async (t) => {
    const point = mkdtempSync('/run/passing-');
    await execa('mount', ['-t', 'tmpfs', 'passing', point]);
    writeFileSync(`${point}/file`, '');
    await using daemon = await startDaemon(t, POOL);
    await daemon.acquire('--id', 'one');
    await execa('umount', [point]);
    const { stdout } = await execa('sh', ['-c', 'cat /proc/[0-9]*/mountinfo 2>/dev/null || true']);
    t.notMatch(stdout, ' passing ', 'it is mounted in no namespace any more');
  },
);

t.test('the vault is killed again and again during builds and acquires: no endpoint is lost', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const vault = new SeenVault(daemon.stateDir);
  let over = false;
  const killing = (async () => {
    let kills = 0;
    for (; !over; kills += 1) {
      // In turn the resident alone, and both.
      const pid = vault.resident;
      if (Number.isInteger(pid) && vault.processes.includes(pid)) process.kill(kills % 2 === 0 ? pid : -pid, 'SIGKILL');
      await delay(20);
    }
    return kills;
  })();
  const held: Lease[] = [];
  for (let round = 0; round < 12; round += 1) {
    const { status, body } = await daemon.send('POST', '/v1/leases', { count: 2 });
    t.equal(status, 201, JSON.stringify(body));
    const [kept, returned] = (body as { leases: Lease[] }).leases;
    held.push(kept as Lease);
    t.equal((await daemon.send('DELETE', `/v1/leases/${returned?.id}`)).status, 204);
  }
  over = true;
  t.ok((await killing) > 5);
  await eventually(
    'a process stands in the vault',
    () => vault.processes.length === 2 && vault.processes.includes(vault.resident),
  );
  await atRest(daemon);
  t.same((await daemon.leases()).map(({ id }) => id).sort(), held.map(({ id }) => id).sort());
  for (const { netns } of held) t.equal(statSync(netns.path).ino, netns.inode, netns.path);
  allStand(t, recorded(daemon));
  const [pool] = await daemon.pools();
  t.match(pool, { broken: 0, replaced: 0, buildFailures: 0 });
  t.same(((await daemon.send('POST', '/v1/reconcile', { fix: false })).body as { findings: unknown[] }).findings, []);
});

t.test('daemon and vault are killed together: the next daemon has every endpoint, ready and leased', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const vault = new SeenVault(daemon.stateDir);
  const lease = await daemon.acquire('--id', 'one');
  await atRest(daemon);
  for (let round = 0; round < 3; round += 1) {
    const before = recorded(daemon);
    await Promise.all([daemon.stop('SIGKILL'), killVault(vault)]);
    t.notOk(existsSync(lease.netns.path), 'no path leads anywhere meanwhile');
    daemon.start();
    await daemon.answers();
    allStand(t, before);
    t.same(recorded(daemon), before, 'the same endpoints');
  }
  t.same(await daemon.leases(), [lease]);
  t.match(await daemon.pools(), [{ replaced: 0 }]);
});

t.test(
  'the path of a lease serves nsenter, runc, crun and callers in mount namespaces of their own, also after the vault was killed',
  async (t) => {
    await using daemon = await startDaemon(t, POOL);
    const vault = new SeenVault(daemon.stateDir);
    const lease = await daemon.acquire('--id', 'one');
    const inode = `net:[${lease.netns.inode}]`;
    const bundle = await makeBundle('readlink /proc/self/ns/net');
    editSpec(bundle.folder, (spec) => {
      const network = spec.linux.namespaces.find(({ type }) => type === 'network');
      if (network !== undefined) network.path = lease.netns.path;
    });
    const enter = ['nsenter', `--net=${lease.netns.path}`, 'readlink', '/proc/self/ns/net'];
    const apart = ['unshare', '--mount', '--propagation', 'private'];
    const callers = {
      nsenter: enter,
      'nsenter in a mount namespace of its own': [...apart, ...enter],
      // As a container has it that shares the process numbers of the host: its own root, and the state directory in it.
      'nsenter in a root of its own': [
        ...apart,
        'sh',
        '-c',
        `cd ${bundle.rootfs} && mkdir -p run/x .${daemon.stateDir} && mount -t proc proc proc && mount --bind ${daemon.stateDir} .${daemon.stateDir} && exec chroot . nsenter --net=${lease.netns.path} readlink /proc/self/ns/net`,
      ],
      runc: ['runc', 'run', '--bundle', bundle.folder, 'guest'],
      'runc in a mount namespace of its own': [...apart, 'runc', 'run', '--bundle', bundle.folder, 'guest'],
      crun: ['crun', 'run', '--bundle', bundle.folder, 'guest'],
    };
    for (const when of ['before', 'after']) {
      for (const [caller, command] of Object.entries(callers)) {
        const { stdout } = await execa(command[0] as string, command.slice(1));
        t.equal(stdout.trim(), inode, `${caller}, ${when}`);
      }
      const resident = vault.resident;
      await killVault(vault);
      await eventually(
        'another process stands in the vault',
        () => vault.resident !== resident && existsSync(lease.netns.path),
      );
    }
  },
);

t.test(
  'a process that got the number of the vault while no daemon ran is no way into its namespace once one runs',
  async (t) => {
    await using daemon = await startDaemon(t, POOL);
    const vault = new SeenVault(daemon.stateDir);
    const lease = await daemon.acquire('--id', 'one');
    await daemon.stop('SIGKILL');
    const resident = vault.resident;
    await killVault(vault);
    const root = mkdtempSync('/run/planted-');
    await execa('cp', ['/bin/busybox', root]);
    mkdirSync(`${root}/netns`);
    const name = lease.netns.path.split('/').at(-1) as string;
    await execa('ln', ['-s', '/proc/self/ns/net', `${root}/netns/${name}`]);
    await eventually('its number is free', () => !existsSync(`/proc/${resident}`));
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(resident - 1));
    const planted = execa('chroot', [root, '/busybox', 'sleep', '600'], { reject: false });
    t.teardown(() => planted.kill('SIGKILL'));
    t.equal(planted.pid, resident, 'it is planted');
    await eventually('the link leads to it', () => existsSync(lease.netns.path));
    t.not(statSync(lease.netns.path).ino, lease.netns.inode);
    daemon.start();
    await daemon.answers();
    t.not(vault.resident, resident);
    t.equal(statSync(lease.netns.path).ino, lease.netns.inode);
  },
);

t.test(
  'netns_dir has a link for each endpoint, by which ip netns lists and enters them, and nothing else of it is touched',
  async (t) => {
    await execa('ip', ['netns', 'add', 'foreign']);
    t.teardown(() => execa('ip', ['netns', 'delete', 'foreign']));
    const inode = statSync('/run/netns/foreign').ino;
    await using daemon = await startDaemon(t, `netns_dir = "/run/netns"\n${POOL}`);
    const lease = await daemon.acquire('--id', 'one');
    await atRest(daemon);
    const names = async () =>
      (await execa('ip', ['netns', 'list'])).stdout.split('\n').map((line) => line.split(' ')[0] as string);
    const ours = async () => (await names()).filter((name) => /^nd[a-z2-7]{4}-default-\d+$/.test(name));
    await eventually(
      'each endpoint has a link, also the one that replaces the leased one',
      async () => (await ours()).length === new SeenVault(daemon.stateDir).endpoints.length,
    );
    const id = lease.netns.path.replace(/.*\/(.*)\..*/, '$1');
    const mine = (await ours()).find((name) => name.endsWith(`-${id}`)) as string;
    const { stdout } = await execa('ip', ['netns', 'exec', mine, 'ip', '-br', 'address', 'show', 'eth0']);
    t.match(stdout, lease.addresses[0]?.address);
    await execa('rm', [`/run/netns/${mine}`]);
    t.same(
      ((await daemon.send('POST', '/v1/reconcile', { fix: true })).body as { findings: unknown[] }).findings,
      [],
      'nothing depends on it',
    );
    await daemon.down();
    t.same(await names(), ['foreign']);
    t.equal(statSync('/run/netns/foreign').ino, inode);
  },
);
