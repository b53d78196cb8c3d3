import { statSync } from 'node:fs';
import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { SysctlWatch } from '../../src/kernel/bpf/sysctl-watch.js';
import { errnoOf } from '../../src/kernel/errno.js';
import { fakeHost } from './fake-host.js';

/** A namespace, with a shell in it. */
function namespace(t: Test) {
  const { netnsPath: path } = fakeHost(t);
  const sh = (command: string) => execaSync('nsenter', [`--net=${path}`, 'bash', '-c', command]).stdout;
  return { path, inode: statSync(path).ino, sh };
}

function openWatch(t: Test): SysctlWatch {
  const watch = SysctlWatch.open();
  t.teardown(() => watch.close());
  return watch;
}

t.test('writes are counted by namespace, of every sysctl of the network, and reads are not', async (t) => {
  const [one, other, unwatched] = [namespace(t), namespace(t), namespace(t)];
  const watch = openWatch(t);
  watch.begin(one.inode);
  watch.begin(other.inode);
  const names = ['net.ipv4.ip_default_ttl', 'net.ipv4.conf.lo.rp_filter', 'net.ipv6.conf.all.hop_limit'];
  for (const [written, name] of names.entries()) {
    one.sh(`sysctl -w ${name}=2`);
    t.equal(watch.writes(one.inode), BigInt(written + 1), name);
    t.equal(one.sh(`sysctl -n ${name}`), '2', 'the write went through');
  }
  unwatched.sh('sysctl -w net.ipv4.ip_forward=1');
  one.sh('sysctl -a --pattern ^net 2>&1');
  t.equal(watch.writes(one.inode), 3n);
  t.equal(watch.writes(other.inode), 0n, 'not those of another namespace');
  other.sh('sysctl -w net.core.somaxconn=77; sysctl -w net.core.somaxconn=77');
  t.equal(watch.writes(other.inode), 2n, 'the same value again is a write');
});

t.test('what counts is whose sysctl it is, and not where the writer stands', async (t) => {
  const [owner, writer] = [namespace(t), namespace(t)];
  const watch = openWatch(t);
  watch.begin(owner.inode);
  watch.begin(writer.inode);
  const write = `nsenter --net=${writer.path} bash -c "echo 33 >&3"`;
  owner.sh(`exec 3>/proc/sys/net/ipv4/ip_default_ttl; ${write}`);
  t.equal(owner.sh('cat /proc/sys/net/ipv4/ip_default_ttl'), '33');
  t.equal(watch.writes(owner.inode), 1n, 'by a descriptor that was passed on');
  t.equal(watch.writes(writer.inode), 0n);
});

t.test('counting begins anew, and ends', async (t) => {
  const { inode, sh } = namespace(t);
  const watch = openWatch(t);
  watch.begin(inode);
  sh('sysctl -w net.ipv4.ip_default_ttl=7');
  watch.begin(inode);
  t.equal(watch.writes(inode), 0n);
  sh('sysctl -w net.ipv4.ip_default_ttl=8');
  t.equal(watch.writes(inode), 1n);
  watch.end(inode);
  sh('sysctl -w net.ipv4.ip_default_ttl=9');
  try {
    watch.writes(inode);
    t.fail('nothing counts');
  } catch (error) {
    t.equal(errnoOf(error), 'ENOENT');
  }
});

t.test('two daemons count beside each other, and one that ends takes nothing of the other along', async (t) => {
  const { inode, sh } = namespace(t);
  const stays = openWatch(t);
  const ends = SysctlWatch.open();
  stays.begin(inode);
  ends.begin(inode);
  sh('sysctl -w net.ipv4.ip_default_ttl=7');
  t.same([stays.writes(inode), ends.writes(inode)], [1n, 1n]);
  ends.close();
  sh('sysctl -w net.ipv4.ip_default_ttl=8');
  t.equal(stays.writes(inode), 2n);
});

t.test('a thousand writes at once are a thousand', async (t) => {
  const { inode, sh } = namespace(t);
  const watch = openWatch(t);
  watch.begin(inode);
  const loop = 'for ((i = 0; i < 250; i++)); do echo 7 >/proc/sys/net/ipv4/ip_default_ttl; done';
  sh(`${[1, 2, 3, 4].map(() => `(${loop}) &`).join(' ')} wait`);
  t.equal(watch.writes(inode), 1000n);
});

t.test('writes to sysctls that are excepted by name do not count, others that look alike do', async (t) => {
  const { inode, sh } = namespace(t);
  const watch = SysctlWatch.open({ except: ['ping_group_range', 'ip_unprivileged_port_start'] });
  t.teardown(() => watch.close());
  watch.begin(inode);
  sh('sysctl -w net.ipv4.ping_group_range="0 7"; sysctl -w net.ipv4.ip_unprivileged_port_start=0');
  t.equal(sh('cat /proc/sys/net/ipv4/ping_group_range'), '0\t7', 'the write went through');
  t.equal(watch.writes(inode), 0n);
  sh(
    'sysctl -w net.ipv4.ip_forward=1; sysctl -w net.ipv4.ip_forward_update_priority=1; sysctl -w net.ipv4.ping_group_range="1 0"',
  );
  t.equal(watch.writes(inode), 2n);
});
