import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { program } from '../native/program.js';
import { makeRootfs } from './bundle.js';
import { type Daemon, startDaemon } from './daemon.js';
import { answersPing, eventually, hubLinks } from './eye.js';

const CONFIG = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';
// Locks in files: the default is a file in /dev/shm, which the machine would keep.
const CONTAINERS_CONF = '[engine]\nlock_type = "file"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n';
const netnsdRunc = program();

/** Podman with a storage and a hooks directory of the test's own, into which `netnsd oci hooks` wrote its files. */
async function podmanWithHooks(t: Test, daemon: Daemon, ...hookOptions: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'podman-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const hooks = join(folder, 'hooks.d');
  const rootfs = join(folder, 'rootfs');
  mkdirSync(hooks);
  await makeRootfs(rootfs);
  for (const name of ['var', 'run']) mkdirSync(join(rootfs, name));
  writeFileSync(join(folder, 'containers.conf'), CONTAINERS_CONF);
  const printed = await daemon.cli('oci', 'hooks', '--hooks-d', hooks, '--program', netnsdRunc, ...hookOptions);
  t.same(
    printed.split('\n'),
    readdirSync(hooks).map((name) => join(hooks, name)),
    'the files that were written',
  );
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')];
  const common = [...storage, '--storage-driver', 'vfs', '--runtime', 'crun', '--hooks-dir', hooks];
  const podman = async (...args: string[]): Promise<string> => {
    const env = { CONTAINERS_CONF: join(folder, 'containers.conf') };
    return (await execa('podman', [...common, ...args], { env, stdin: 'ignore' })).stdout;
  };
  const run = (options: string[], script: string) =>
    podman('run', '--network', 'none', ...options, '--rootfs', rootfs, '/bin/sh', '-c', script);
  return { podman, run };
}

const ASKING = ['--annotation', 'dev.netnsd.pool=default'];

t.test('Podman gives a container a pooled network by its hooks directory, if it asks', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const { run } = await podmanWithHooks(t, daemon);
  const look = 'ip address show; ping -c1 -W10 10.213.0.1 >/dev/null && echo reached the gateway';
  const stdout = await run(['--rm', ...ASKING], look);
  t.match(stdout, /eth0@\S+ <BROADCAST,MULTICAST,UP,LOWER_UP[,>]/);
  t.match(stdout, /inet 10\.213\.0\.\d+\/24/);
  t.match(stdout, 'reached the gateway');
  await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
  t.notMatch(await run(['--rm'], 'ip address show'), 'eth0', 'one that does not ask is left alone');
});

t.test('with --always, Podman gives every container a pooled network', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const { run } = await podmanWithHooks(t, daemon, '--always');
  t.match(await run(['--rm'], 'ip address show'), /inet 10\.213\.0\.\d+\/24/);
  t.notMatch(await run(['--rm', '--annotation', 'dev.netnsd.skip=true'], 'ip address show'), 'eth0');
});

t.test('a container of Podman that is killed and removed leaves nothing', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const { run, podman } = await podmanWithHooks(t, daemon);
  const id = await run(['--detach', ...ASKING], 'exec sleep 1000');
  const [lease] = await daemon.leases();
  t.match(lease?.containerId, new RegExp(`^${id}@[0-9a-f]{8}$`));
  const address = lease?.addresses[0]?.address.split('/')[0] as string;
  t.ok(await answersPing(address));
  await podman('kill', '--signal', 'KILL', id);
  await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
  await podman('rm', '--force', id);
  await eventually('the namespace is gone', () => !existsSync(lease?.netns.path as string));
  const hostName = lease?.interface.hostName;
  await eventually('its link is gone', async () => !(await hubLinks(daemon)).some(({ ifname }) => ifname === hostName));
  t.notOk(await answersPing(address));
});
