import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { makeRootfs } from './bundle.js';
import { IMAGE, startContainerd } from './containerd.js';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { expectNothingLeft, holdersOf } from './leftover.js';
import { NETNSD_RUNC, writeSettings } from './wrapper.js';

const POOLS = `
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 2
max = 128
[pools.extra]
subnet = "10.214.0.0/24"
min_ready = 1
max = 4
`;
const WRAPPED = ['--runc-binary', NETNSD_RUNC];
const LOOK = 'ip address show eth0; ip route; ping -c1 -W10 10.213.0.1';

t.test('containerd with netnsd-runc', async (t) => {
  await using daemon = await startDaemon(t, POOLS);
  const settings = writeSettings({ runtime: 'runc', socket: daemon.socket, deadline_ms: 20_000 });
  await using containerd = await startContainerd(t, { NETNSD_RUNC_CONFIG: settings });
  const run = (...args: string[]) => containerd.ctr('run', '--snapshotter', 'native', ...WRAPPED, ...args);
  const start = async (id: string, ...options: string[]): Promise<Lease> => {
    await run('--detach', ...options, IMAGE, id, '/bin/sh', '-c', 'while :; do sleep 1; done');
    return await leaseOf(daemon, id);
  };

  await t.test('ctr run --rm has a pooled network and gives it back', async (t) => {
    const seen = await run('--rm', '--cap-add', 'CAP_NET_RAW', IMAGE, 'once', '/bin/sh', '-c', LOOK);
    t.match(seen, /inet 10\.213\.0\.\d+\/24/);
    t.match(seen, 'default via 10.213.0.1 dev eth0');
    t.match(seen, / 0% packet loss/, 'the gateway answers');
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test('a task can be entered, and its lease is seen in the state of the runtime', async (t) => {
    const lease = await start('guest', '--cap-add', 'CAP_NET_RAW');
    const seen = await containerd.ctr('task', 'exec', '--exec-id', 'x', 'guest', '/bin/sh', '-c', LOOK);
    t.match(seen, `inet ${lease.addresses[0]?.address} `);
    t.match(seen, / 0% packet loss/);
    t.match(await containerd.runcState('guest', NETNSD_RUNC), {
      annotations: { 'dev.netnsd.lease': lease.id, 'dev.netnsd.address': lease.addresses[0]?.address },
    });
    await t.rejects(containerd.ctr('task', 'delete', 'guest'), 'a task that runs is not deleted');
    t.equal((await leaseOf(daemon, 'guest')).id, lease.id, 'and keeps its lease');
    await containerd.ctr('task', 'delete', '--force', 'guest');
    await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
  });

  await t.test('a container whose task is started again has a network again', async (t) => {
    const lease = await (async () => {
      await containerd.ctr('task', 'start', '--detach', 'guest');
      return await leaseOf(daemon, 'guest');
    })();
    const seen = await containerd.ctr('task', 'exec', '--exec-id', 'y', 'guest', '/bin/sh', '-c', LOOK);
    t.match(seen, `inet ${lease.addresses[0]?.address} `);
    await containerd.ctr('task', 'kill', '--signal', 'SIGKILL', 'guest');
    await gone(lease);
    await containerd.ctr('task', 'delete', 'guest');
    await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
    await containerd.ctr('container', 'rm', 'guest');
  });

  await t.test('a shim that is killed takes its container along, and the lease comes back', async (t) => {
    const lease = await start('shimless');
    const [shim] = containerd.shims('shimless');
    process.kill(shim as number, 'SIGKILL');
    await gone(lease);
    await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
    await containerd.ctr('container', 'rm', 'shimless');
  });

  await t.test(
    'a container process that is killed from outside keeps its lease until its task is deleted',
    async (t) => {
      const lease = await start('victim');
      const { pid } = await containerd.runcState('victim', NETNSD_RUNC);
      process.kill(pid, 'SIGKILL');
      await gone(lease);
      t.equal((await leaseOf(daemon, 'victim')).id, lease.id);
      await containerd.ctr('task', 'delete', 'victim');
      await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
      await containerd.ctr('container', 'rm', 'victim');
    },
  );

  await t.test('a create that fails says why and leaves nothing', async (t) => {
    const failed = run('--rm', IMAGE, 'broken', '/bin/nothing');
    await t.rejects(failed, /\/bin\/nothing/);
    await expectNothingLeft(t, daemon, { gone: [] });
    await t.rejects(
      run('--rm', '--annotation', 'dev.netnsd.pool=none', IMAGE, 'poolless', '/bin/true'),
      /pool_not_found/,
    );
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test('annotations choose the pool, or none', async (t) => {
    const extra = ['--annotation', 'dev.netnsd.pool=extra', IMAGE, 'chosen', '/bin/ip', 'address', 'show', 'eth0'];
    t.match(await run('--rm', ...extra), /inet 10\.214\.0\.\d+\/24/);
    const skip = ['--annotation', 'dev.netnsd.skip=true', IMAGE, 'skipped', '/bin/ip', 'address'];
    t.notMatch(await run('--rm', ...skip), /eth0/);
    const host = ['--net-host', IMAGE, 'hosted', '/bin/ip', 'address'];
    t.match(
      await run('--rm', ...host),
      /inet 10\.213\.0\.1\/24/,
      'the network of the host is left to those who ask for it',
    );
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test('one id in two namespaces of containerd is two containers', async (t) => {
    await containerd.ctr(
      '--namespace',
      'other',
      'images',
      'import',
      '--snapshotter',
      'native',
      await containerd.image(),
    );
    const rest = [IMAGE, 'twin', '/bin/sleep', '1000'];
    await run('--detach', ...rest);
    await containerd.ctr('--namespace', 'other', 'run', '--snapshotter', 'native', ...WRAPPED, '--detach', ...rest);
    const leases = await daemon.leases();
    t.equal(new Set(leases.map(({ netns }) => netns.inode)).size, 2, 'each has an endpoint of its own');
    await containerd.ctr('task', 'delete', '--force', 'twin');
    t.equal((await daemon.leases()).length, 1, 'the end of one is not the end of the other');
    await containerd.ctr('--namespace', 'other', 'task', 'delete', '--force', 'twin');
    await expectNothingLeft(t, daemon, { gone: leases.map(({ netns }) => netns.inode) });
  });

  await t.test('100 at once each have an address of their own', async (t) => {
    const rootfs = mkdtempSync(join(tmpdir(), 'rootfs-'));
    await makeRootfs(rootfs);
    const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);
    const own = ['--detach', '--null-io', ...WRAPPED, '--rootfs', rootfs];
    await Promise.all(ids.map((id) => containerd.ctr('run', ...own, id, '/bin/sleep', '1000')));
    const leases = await daemon.leases();
    const addresses = leases.flatMap((lease) => lease.addresses.map(({ address }) => address));
    t.equal(new Set(addresses).size, 100, 'no two have the same address');
    const inodes = leases.map(({ netns }) => netns.inode);
    t.equal(new Set(inodes).size, 100, 'nor the same namespace');
    t.ok(
      inodes.every((inode) => holdersOf(inode).length > 0),
      'each is in its own',
    );
    await Promise.all(ids.map((id) => containerd.ctr('task', 'delete', '--force', id)));
    await expectNothingLeft(t, daemon, { gone: inodes });
    t.same(containerd.shims(), containerd.shims('none'), 'no shim is left');
  });
});

/** containerd gives its runtime a root a namespace, so the daemon knows a container by its id and something for that. */
async function leaseOf(daemon: Daemon, id: string): Promise<Lease> {
  const found = (await daemon.leases()).filter(({ containerId }) => containerId?.startsWith(`${id}@`));
  if (found.length !== 1) throw new Error(`${found.length} leases for the container ${id}`);
  return found[0] as Lease;
}

async function gone({ netns }: Lease): Promise<void> {
  await eventually('its processes have ended', () => holdersOf(netns.inode).length === 0);
}
