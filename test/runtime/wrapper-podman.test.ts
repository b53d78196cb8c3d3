import { existsSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { expectNothingLeft } from './leftover.js';
import { nameOf, netnsOf, Podman } from './podman.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 128\n';
const FOREVER = 'trap "exit 0" TERM; while :; do sleep 1; done';
const LOOK = 'ip address show eth0; ip route; ping -c1 -W10 10.213.0.1';
const CROWD = 100;

t.test('Podman', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  await using podman = await Podman.create({ socket: daemon.socket, runtime: 'crun' });
  const wrapped = (...args: string[]) => podman.call('--runtime', 'netnsd-runc', ...args);
  const run = (options: string[], script: string) =>
    wrapped('run', '--network', 'none', ...options, '--rootfs', podman.rootfs, '/bin/sh', '-c', script);
  const start = async (name: string): Promise<Lease> => {
    await run(['--detach', '--name', name], FOREVER);
    const inode = netnsOf((await podman.inspect(name)).State.Pid);
    const lease = (await daemon.leases()).find(({ netns }) => netns.inode === inode);
    if (lease === undefined) throw new Error(`${name} stands in a namespace that is no lease's`);
    return lease;
  };

  await t.test('--network ns:PATH puts a container into a leased namespace, and leaves that alone', async (t) => {
    const path = await daemon.cli('acquire', '--id', 'job-17', '--path');
    const [lease] = await daemon.leases();
    const seen = await podman.call(
      'run',
      '--rm',
      '--network',
      `ns:${path}`,
      '--rootfs',
      podman.rootfs,
      '/bin/sh',
      '-c',
      LOOK,
    );
    t.match(seen, `inet ${lease?.addresses[0]?.address} `);
    t.match(seen, / 0% packet loss/);
    t.equal((await daemon.leases())[0]?.id, lease?.id, 'the lease ends with its release');
    await daemon.cli('release', '--id', 'job-17');
    await expectNothingLeft(t, daemon, { gone: [lease?.netns.inode as number] });
  });

  await t.test('--runtime netnsd-runc gives a container a pooled network until it ends', async (t) => {
    const seen = await run(['--rm'], LOOK);
    t.match(seen, /inet 10\.213\.0\.\d+\/24/);
    t.match(seen, 'default via 10.213.0.1 dev eth0');
    t.match(seen, / 0% packet loss/);
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test("with --no-hosts the container has netnsd's hosts file, and otherwise Podman's", async (t) => {
    const hosts = (...options: string[]) =>
      run(['--rm', '--hostname', 'web', '--annotation', 'dev.netnsd.dns=true', ...options], 'cat /etc/hosts');
    t.match(await hosts('--no-hosts'), /^10\.213\.0\.\d+\tweb /m);
    t.notMatch(await hosts(), /^10\.213\.0\.\d+\tweb/m);
  });

  await t.test('a container can be entered, stopped and started again', async (t) => {
    const first = await start('guest');
    t.match(await wrapped('exec', 'guest', '/bin/sh', '-c', LOOK), / 0% packet loss/);
    await wrapped('stop', '--time', '5', 'guest');
    await expectNothingLeft(t, daemon, { gone: [first.netns.inode] });
    await wrapped('start', 'guest');
    const inode = netnsOf((await podman.inspect('guest')).State.Pid);
    t.ok(
      (await daemon.leases()).some(({ netns }) => netns.inode === inode),
      'the second start is on a lease too',
    );
    t.match(await wrapped('exec', 'guest', '/bin/sh', '-c', LOOK), / 0% packet loss/);
    await wrapped('rm', '--force', '--time', '0', 'guest');
    await expectNothingLeft(t, daemon, { gone: [first.netns.inode, inode] });
  });

  await t.test('a container that is killed gives its lease back by itself', async (t) => {
    const lease = await start('victim');
    process.kill((await podman.inspect('victim')).State.Pid, 'SIGKILL');
    await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
    await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
    await wrapped('rm', 'victim');
  });

  await t.test(
    'a monitor that is killed leaves container and lease alone, and Podman to forget its delete',
    async (t) => {
      const lease = await start('unwatched');
      const { Pid, ConmonPid } = (await podman.inspect('unwatched')).State;
      t.equal(nameOf(ConmonPid), 'conmon');
      process.kill(ConmonPid, 'SIGKILL');
      await eventually('the monitor has gone', () => !existsSync(`/proc/${ConmonPid}`));
      t.equal(netnsOf(Pid), lease.netns.inode, 'the container runs on');
      t.equal((await daemon.leases())[0]?.id, lease.id, 'and holds its lease');
      await wrapped('rm', '--force', '--time', '0', 'unwatched');
      // The end of a container is the monitor's to report: without one, Podman only kills, and never has its runtime delete.
      t.equal((await daemon.leases())[0]?.id, lease.id);
      await execa(podman.launcher, ['delete', '--force', lease.containerId as string]);
      await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
    },
  );

  await t.test('a create that fails says why and leaves nothing', async (t) => {
    await t.rejects(
      wrapped('run', '--rm', '--network', 'none', '--rootfs', podman.rootfs, '/bin/nothing'),
      /\/bin\/nothing/,
    );
    await expectNothingLeft(t, daemon, { gone: [] });
    await t.rejects(run(['--rm', '--annotation', 'dev.netnsd.pool=none'], 'true'), /pool_not_found/);
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test('what asks for the network of the host, or for none of ours, has that', async (t) => {
    t.notMatch(await run(['--rm', '--annotation', 'dev.netnsd.skip=true'], 'ip address'), /eth0/);
    const host = await wrapped('run', '--rm', '--network', 'host', '--rootfs', podman.rootfs, '/bin/ip', 'address');
    t.match(host, /inet 10\.213\.0\.1\/24/);
    await expectNothingLeft(t, daemon, { gone: [] });
  });

  await t.test(`${CROWD} at once each have a network`, async (t) => {
    const outputs = await Promise.all(Array.from({ length: CROWD }, () => run(['--rm'], LOOK)));
    t.ok(
      outputs.every((output) => /inet 10\.213\.0\.\d+\/24/.test(output)),
      'an address',
    );
    t.ok(
      outputs.every((output) => / 0% packet loss/.test(output)),
      'and a gateway that answers',
    );
    await expectNothingLeft(t, daemon, { gone: [] });
  });
});
