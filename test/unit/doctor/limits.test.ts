import t from 'tap';
import { HostFiles, type Space } from '../../../src/doctor/host-files.js';
import { answering } from './daemon-status.js';
import { machineOf, runOnce } from './machine.js';

const LIMITS = (hard: string) =>
  `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 ${hard}               files\n`;

t.test('open files: twice what endpoints and the daemon take', async (t) => {
  const own = (hard: string) => machineOf(t, { '/proc/self/limits': LIMITS(hard) });
  t.match(runOnce('open-files', machineOf(t)), { status: 'unknown' });
  t.match(runOnce('open-files', own('unlimited')), { status: 'ok' });
  t.match(runOnce('open-files', own('640')), { status: 'ok' });
  t.match(runOnce('open-files', own('639')), {
    status: 'warn',
    message: /^this shell may open 639/,
    advice: /LimitNOFILE=1024/,
  });
  const large = (hard: string) =>
    machineOf(
      t,
      { '/proc/self/limits': LIMITS(hard) },
      { pools: [{ name: 'default', subnet: '10.192.0.0/16', max: 10_000 }] },
    );
  t.match(runOnce('open-files', large('2128')), { status: 'ok' }, 'no more than a thousand are sealed');
  const files = { '/proc/self/limits': LIMITS('unlimited'), '/proc/4711/limits': LIMITS('512') };
  const served = machineOf(t, files, { daemon: answering() });
  t.match(runOnce('open-files', served), { status: 'warn', message: /^the daemon may open 512/ });
});

t.test('namespaces, mounts and neighbours against the size that the pools may grow to', async (t) => {
  const sysctl = (path: string, value: number) => machineOf(t, { [`/proc/sys/${path}`]: `${value}\n` });
  for (const [name, path, enough, short, advice] of [
    ['namespaces', 'user/max_net_namespaces', 257, 256, /^sysctl -w user\.max_net_namespaces=1024\n/],
    ['mounts', 'fs/mount-max', 259, 258, /^sysctl -w fs\.mount-max=1024\n/],
    ['neighbours', 'net/ipv4/neigh/default/gc_thresh3', 512, 511, /gc_thresh1=128 .*gc_thresh2=256 .*gc_thresh3=512\n/],
  ] as const) {
    t.match(runOnce(name, machineOf(t)), { status: 'unknown' }, name);
    t.match(runOnce(name, sysctl(path, enough)), { status: 'ok' }, name);
    t.match(runOnce(name, sysctl(path, short)), { status: 'warn', advice }, name);
  }
  t.match(runOnce('namespaces', sysctl('user/max_net_namespaces', 0)), { status: 'fail' });
});

class Spacious extends HostFiles {
  readonly #space: Space;

  constructor(root: string, space: Space) {
    super(root);
    this.#space = space;
  }

  override space(): Space {
    return this.#space;
  }
}

t.test('the state directory: on a tmpfs, with space', async (t) => {
  const roomy: Space = { isTmpfs: true, freeBytes: 2 ** 30, freeFiles: 100_000 };
  const on = (space: Space) => {
    const root = t.testdir({ run: { netnsd: {} } });
    return { ...machineOf(t), files: new Spacious(root, space) };
  };
  t.match(runOnce('space', on(roomy)), { status: 'ok' });
  t.match(runOnce('space', on({ ...roomy, freeBytes: 2 ** 20 })), {
    status: 'warn',
    advice: /remount,size=8M,nr_inodes=3072/,
  });
  t.match(runOnce('space', on({ ...roomy, freeFiles: 10 })), { status: 'warn', message: /10 files/ });
  t.match(runOnce('space', on({ ...roomy, isTmpfs: false })), {
    status: 'warn',
    message: /on a disk/,
    advice: /mount -t tmpfs/,
  });
});

t.test('without a state directory its parent is checked', async (t) => {
  t.match(runOnce('space', machineOf(t)), { status: 'unknown', message: 'there is no /run' });
  const { isTmpfs, freeBytes } = machineOf(t, { '/run/x': '' }).files.space('/run') as Space;
  t.type(isTmpfs, 'boolean');
  t.ok(freeBytes > 0);
});

t.test('a queue of connections shorter than the daemon asks for is told', async (t) => {
  const limit = (value: string) => runOnce('connections', machineOf(t, { '/proc/sys/net/core/somaxconn': value }));
  t.match(limit('128\n'), { status: 'warn', message: /is 128/, advice: /sysctl -w net\.core\.somaxconn=4096/ });
  t.match(limit('4096\n'), { status: 'ok' });
  t.match(runOnce('connections', machineOf(t)), { status: 'unknown' });
});
