import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';
import { cniProgram } from '../native/cni.js';
import { IMAGE, startContainerd } from './containerd.js';
import { startDaemon } from './daemon.js';
import { eventually, mountsBelow } from './eye.js';
import { netnsOf, Podman } from './podman.js';

const plugin = cniProgram({ sanitized: false });
const POOL = `
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 4
max = 8
sizing = "fixed"
`;

function conflist(socket: string): { name: string } {
  return Object.assign({ name: 'netnsd' }, { cniVersion: '0.4.0', plugins: [{ type: 'netnsd-cni', socket }] });
}

t.test('ctr run --cni: the container is in a pooled namespace, and the lease ends with it', async (t) => {
  assertSandbox();
  // ctr looks for both at fixed places; what is there of the machine's is hidden in this sandbox alone.
  for (const folder of ['/opt', '/etc/cni']) await execa('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  mkdirSync('/opt/cni/bin', { recursive: true });
  mkdirSync('/etc/cni/net.d');
  symlinkSync('/usr/lib/cni/loopback', '/opt/cni/bin/loopback');
  symlinkSync(plugin, '/opt/cni/bin/netnsd-cni');
  await using daemon = await startDaemon(t, POOL);
  writeFileSync('/etc/cni/net.d/10-netnsd.conflist', JSON.stringify(conflist(daemon.socket)));
  await using containerd = await startContainerd(t);
  const run = ['run', '--rm', '--cni', '--snapshotter', 'native', IMAGE, 'guest', '/bin/sh', '-c'];
  const out = await containerd.ctr(...run, 'ip -o -4 address show eth0; ip route');
  t.match(out, /eth0 +inet 10\.213\.0\.\d+\/24[\s\S]*default via 10\.213\.0\.1/);
  t.strictSame(await daemon.leases(), []);
  // Nothing waits for the log.
  await eventually('the lease is logged', () => /"containerId":"default-guest@[0-9a-f]{8}"/.test(daemon.log()));
});

t.test('Podman with its CNI backend: the container is in a pooled namespace until it is removed', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const folder = mkdtempSync(join(tmpdir(), 'plugins-'));
  symlinkSync(plugin, join(folder, 'netnsd-cni'));
  const cni = { conflist: conflist(daemon.socket), folders: [folder, '/usr/lib/cni'] };
  await using podman = await Podman.create({ socket: daemon.socket, runtime: 'runc', cni });
  const start = [
    'run',
    '--detach',
    '--network',
    'netnsd',
    '--runtime',
    'runc',
    '--name',
    'guest',
    '--rootfs',
    podman.rootfs,
  ];
  await podman.call(...start, '/bin/busybox', 'sleep', '1000000');
  const [lease] = await daemon.leases();
  t.match(lease, { tenant: 'default', containerId: /@[0-9a-f]{8}$/ });
  t.equal(netnsOf((await podman.inspect('guest')).State.Pid), lease?.netns.inode);
  const address = await podman.call('exec', 'guest', '/bin/busybox', 'ip', '-o', '-4', 'address', 'show', 'eth0');
  t.match(address, lease?.addresses[0]?.address ?? '?');
  await podman.call('rm', '--force', '--time', '0', 'guest');
  t.strictSame(await daemon.leases(), []);
  t.strictSame(
    mountsBelow(join(daemon.stateDir, '..')).filter((path) => path.includes('netns')),
    [],
  );
});
