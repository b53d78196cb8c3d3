import { execa } from 'execa';
import t from 'tap';
import { editSpec, makeBundle } from './bundle.js';
import { FRONT, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 1\nmax = 1\nsizing = "fixed"\n';
/** As Docker has them in every spec; Podman sets the first one only. */
const SYSCTL = { 'net.ipv4.ping_group_range': '0 2147483647', 'net.ipv4.ip_unprivileged_port_start': '0' };
const FILES = ['ping_group_range', 'ip_unprivileged_port_start'].map((name) => `/proc/sys/net/ipv4/${name}`);

t.test(
  'endpoints of containers with the sysctls that engines set are recycled, with the values of a new namespace',
  async (t) => {
    await using daemon = await startDaemon(t, POOL);
    const run = async (id: string, sysctl?: Record<string, string>) => {
      await daemon.filled();
      const bundle = await makeBundle(`cat ${FILES.join(' ')}`);
      editSpec(bundle.folder, ({ linux }) => Object.assign(linux, { sysctl }));
      await execa(FRONT, ['oci', 'patch', bundle.folder, '--id', id, '--socket', daemon.socket]);
      const lease = await daemon.leaseOf(id);
      const { stdout } = await execa('runc', ['run', '--bundle', bundle.folder, id]);
      await daemon.cli('release', '--id', id);
      return { stdout, inode: lease.netns.inode };
    };
    const first = await run('one', SYSCTL);
    t.equal(first.stdout, '0\t2147483647\n0', 'the container has them');
    await eventually('it is recycled', async () => {
      const [pool] = await daemon.pools();
      return pool !== undefined && pool.ready === 1 && pool.recycledBySeal + pool.recycledByProof === 1;
    });
    const second = await run('two');
    t.equal(second.inode, first.inode, 'the same namespace');
    t.equal(second.stdout, FILES.map((file) => readNew(file)).join('\n'), 'as in a new namespace');
    await run('three', { ...SYSCTL, 'net.ipv4.ip_default_ttl': '3' });
    await eventually('one with another sysctl is replaced', async () => (await daemon.pools())[0]?.replaced === 1);
    t.match(daemon.log(), '"reasons":["sysctl net.ipv4.ip_default_ttl is set"]', 'and the log names it');
  },
);

const NEW = { ping_group_range: '1\t0', ip_unprivileged_port_start: '1024' };
const readNew = (file: string): string => NEW[file.split('/').at(-1) as keyof typeof NEW];
