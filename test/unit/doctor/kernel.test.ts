import { gzipSync } from 'node:zlib';
import t from 'tap';
import { tablesAreLoaded, trialLoadsNothing } from '../../../src/doctor/checks/kernel.js';
import { HostFiles } from '../../../src/doctor/host-files.js';
import { codeState, kernelOption } from '../../../src/doctor/kernel-code.js';
import { machineOf, runOnce } from './machine.js';

const REFUSED = { outcome: 'refused', operation: 'create bridge ndtrial', errno: 'EOPNOTSUPP' } as const;
const SKIPPED = { outcome: 'skipped', why: 'the kernel would load modules for it' } as const;
const MODULES = '/lib/modules/6.18.1';

t.test('a kernel older than 6.2 builds more slowly', async (t) => {
  t.match(runOnce('kernel-version', machineOf(t, {}, { trial: SKIPPED })), { status: 'ok', message: 'Linux 6.18.1' });
  t.match(runOnce('kernel-version', machineOf(t, {}, { kernel: '6.2.0-x', trial: SKIPPED })), { status: 'ok' });
  t.match(runOnce('kernel-version', machineOf(t, {}, { kernel: '7.0.0', trial: SKIPPED })), { status: 'ok' });
  const old = { kernel: '6.1.0-18-amd64', trial: SKIPPED };
  t.match(runOnce('kernel-version', machineOf(t, {}, old)), { status: 'warn', advice: /bookworm-backports/ });
  const older = machineOf(t, {}, { kernel: '5.15.0-91-generic', trial: SKIPPED });
  t.match(runOnce('kernel-version', older), { status: 'warn', message: /MAC of another one of their pool/ });
});

const STATES: [title: string, files: Record<string, string>, state: string][] = [
  ['built in, by the configuration', { '/boot/config-6.18.1': 'CONFIG_VETH=y\n' }, 'builtin'],
  ['built in, by the list', { [`${MODULES}/modules.builtin`]: 'kernel/drivers/net/veth.ko\n' }, 'builtin'],
  ['loaded', { '/proc/modules': 'veth 32768 0 - Live 0x0\n' }, 'loaded'],
  [
    'installed',
    { [`${MODULES}/modules.dep`]: 'kernel/a.ko: kernel/veth.ko\nkernel/veth.ko.xz: kernel/a.ko\n' },
    'loadable',
  ],
  ['a module that is not installed', { '/boot/config-6.18.1': 'CONFIG_VETH=m\n', '/proc/modules': '' }, 'absent'],
  ['in no list', { [`${MODULES}/modules.dep`]: 'kernel/a.ko: kernel/veth.ko\n' }, 'absent'],
  ['left out', { '/boot/config-6.18.1': '# CONFIG_VETH is not set\n' }, 'absent'],
  ['no list at all', { '/proc/modules': 'bridge 1 0 - Live 0x0\n' }, 'unknown'],
];
for (const [title, files, state] of STATES) {
  t.test(`whether the kernel has code is found without loading it: ${title}`, async (t) => {
    const { files: found } = machineOf(t, files);
    t.equal(codeState(found, '6.18.1', { module: 'veth', option: 'CONFIG_VETH' }), state);
  });
}

t.test("a module's file may have dashes, and the kernel's configuration may be zipped", async (t) => {
  const { files } = machineOf(t, { [`${MODULES}/modules.builtin`]: 'kernel/nf-conntrack-netlink.ko\n' });
  t.equal(codeState(files, '6.18.1', { module: 'nf_conntrack_netlink', option: 'CONFIG_X' }), 'builtin');
  const zipped = new HostFiles(t.testdir({ proc: { 'config.gz': gzipSync('CONFIG_VETH=m\n') as unknown as string } }));
  t.equal(kernelOption(zipped, '6.18.1', 'CONFIG_VETH'), 'm');
  t.equal(kernelOption(zipped, '6.18.1', 'CONFIG_BRIDGE'), 'n');
});

t.test('veth and bridge: present, missing with the name of the package, or unknown', async (t) => {
  for (const [name, option] of [
    ['veth', 'CONFIG_VETH'],
    ['bridge', 'CONFIG_BRIDGE'],
  ] as const) {
    const config = (value: string) => ({ '/boot/config-6.18.1': `${option}${value}\n` });
    t.match(runOnce(name, machineOf(t, config('=y'))), { status: 'ok', message: `${name} is built in` });
    t.match(runOnce(name, machineOf(t, { '/proc/modules': `${name} 1 0\n` })), { status: 'ok', message: /is loaded/ });
    const dep = { [`${MODULES}/modules.dep`]: `kernel/${name}.ko:\n` };
    t.match(runOnce(name, machineOf(t, dep)), { status: 'ok', message: /when it is first needed/ });
    t.match(runOnce(name, machineOf(t, config('=n'))), { status: 'fail', advice: /linux-modules-extra-6\.18\.1/ });
    t.match(runOnce(name, machineOf(t)), { status: 'ok', message: `${name} works` });
    t.match(runOnce(name, machineOf(t, {}, { trial: SKIPPED })), { status: 'unknown', advice: `modprobe ${name}` });
  }
});

t.test('no trial and no query that would load a module', async (t) => {
  const loaded = 'veth 1 0\nbridge 1 0\nnf_tables 1 0\n';
  t.ok(trialLoadsNothing(machineOf(t)), 'the kernel takes no modules');
  t.ok(trialLoadsNothing(machineOf(t, { '/proc/modules': loaded })));
  t.notOk(trialLoadsNothing(machineOf(t, { '/proc/modules': 'veth 1 0\n' })));
  t.ok(tablesAreLoaded(machineOf(t)));
  t.ok(tablesAreLoaded(machineOf(t, { '/proc/modules': loaded })));
  t.notOk(tablesAreLoaded(machineOf(t, { '/proc/modules': '' })));
});

t.test('the trial: built, refused, skipped, or impossible without root', async (t) => {
  t.match(runOnce('trial', machineOf(t)), { status: 'ok' });
  t.match(runOnce('trial', machineOf(t, {}, { trial: REFUSED })), {
    status: 'fail',
    message: 'the kernel refuses to create bridge ndtrial: EOPNOTSUPP',
  });
  t.match(runOnce('trial', machineOf(t, {}, { trial: SKIPPED })), {
    status: 'unknown',
    message: /would load modules/,
  });
  const forbidden = { ...REFUSED, errno: 'EPERM' };
  t.match(runOnce('trial', machineOf(t, {}, { trial: forbidden, euid: 1000 })), { status: 'unknown', advice: /sudo/ });
  t.match(runOnce('trial', machineOf(t, {}, { trial: forbidden })), { status: 'fail' });
});

t.test('tracked connections must be deletable', async (t) => {
  const tracking = { '/proc/sys/net/netfilter/nf_conntrack_max': '262144\n' };
  t.match(runOnce('conntrack', machineOf(t)), { status: 'ok', message: /tracks no/ });
  t.match(runOnce('conntrack', machineOf(t, { ...tracking, '/proc/modules': 'nf_conntrack_netlink 1 0\n' })), {
    status: 'ok',
  });
  t.match(runOnce('conntrack', machineOf(t, { ...tracking, '/proc/modules': 'nf_conntrack 1 0\n' })), {
    status: 'warn',
    advice: /modprobe nf_conntrack_netlink/,
  });
});

t.test('BPF: the options and BTF', async (t) => {
  const btf = { '/sys/kernel/btf/vmlinux': 'x' };
  t.match(runOnce('bpf', machineOf(t, btf)), { status: 'ok' });
  t.match(runOnce('bpf', machineOf(t)), { status: 'warn', message: /CONFIG_DEBUG_INFO_BTF/ });
  const files = { ...btf, '/boot/config-6.18.1': 'CONFIG_BPF_SYSCALL=y\n' };
  t.match(runOnce('bpf', machineOf(t, files)), { status: 'warn', message: /lacks CONFIG_CGROUP_BPF:/ });
});

t.test('the unified cgroup hierarchy, from its root', async (t) => {
  const mounted = (root: string) => ({
    '/proc/self/mountinfo': `30 1 0:26 ${root} /sys/fs/cgroup rw - cgroup2 c rw\n`,
  });
  t.match(runOnce('cgroup2', machineOf(t, mounted('/'))), { status: 'ok', message: /\/sys\/fs\/cgroup$/ });
  t.match(runOnce('cgroup2', machineOf(t, mounted('/a'))), { status: 'warn' });
  t.match(runOnce('cgroup2', machineOf(t)), { status: 'warn', advice: /unified_cgroup_hierarchy/ });
});
