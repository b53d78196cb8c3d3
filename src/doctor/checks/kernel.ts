import { type CodeState, codeState, kernelOption } from '../kernel-code.js';
import type { Machine } from '../machine.js';
import { type Check, fail, type Outcome, ok, unknown, warn } from '../outcome.js';

/** rtnl_newlink honours NLM_F_ECHO since then (net/core/rtnetlink.c). */
const LEAST = [6, 2] as const;
/** Bridges have locked ports since then. */
const LEAST_FOR_MACS = [5, 18] as const;

export const KERNEL_VERSION: Check = {
  group: 'kernel',
  name: 'kernel-version',
  what: 'Linux 6.2 or newer',
  why: 'the answer to RTM_NEWLINK names the links that were made; older kernels need another request for each batch. Before 5.18 `anti_spoof` does not check MACs',
  repair: 'a newer kernel',
  run({ kernel }) {
    if (isAtLeast(kernel, LEAST)) return ok(`Linux ${kernel}`);
    const forged = ', and containers can send with the MAC of another one of their pool in spite of anti_spoof';
    return warn(
      `Linux ${kernel} does not name the links that it makes, so builds are slower${isAtLeast(kernel, LEAST_FOR_MACS) ? '' : forged}; use ${LEAST.join('.')} or newer`,
      'Debian 12: apt-get install -t bookworm-backports linux-image-amd64; Ubuntu 22.04: apt-get install linux-generic-hwe-22.04',
    );
  },
};

function isAtLeast(kernel: string, least: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

const CODE = {
  veth: { module: 'veth', option: 'CONFIG_VETH' },
  bridge: { module: 'bridge', option: 'CONFIG_BRIDGE' },
} as const;

/** Whether a trial would load no module: what it needs is there, or the kernel has no modules. */
export function trialLoadsNothing({ files, kernel }: Pick<Machine, 'files' | 'kernel'>): boolean {
  if (files.stats('/proc/modules') === undefined) return true;
  return Object.values(CODE).every((code) => ['builtin', 'loaded'].includes(codeState(files, kernel, code)));
}

/** The same for queries to nftables. */
export function tablesAreLoaded({ files, kernel }: Pick<Machine, 'files' | 'kernel'>): boolean {
  if (files.stats('/proc/modules') === undefined) return true;
  return ['builtin', 'loaded'].includes(codeState(files, kernel, { module: 'nf_tables', option: 'CONFIG_NF_TABLES' }));
}

function lookForCode({ files, kernel, trial }: Machine, name: keyof typeof CODE): Outcome {
  const state = codeState(files, kernel, CODE[name]);
  const found: Record<Exclude<CodeState, 'absent' | 'unknown'>, string> = {
    builtin: 'is built in',
    loaded: 'is loaded',
    loadable: 'is a module, loaded when it is first needed',
  };
  if (state === 'unknown') {
    if (trial.outcome === 'built') return ok(`${name} works`);
    return unknown(
      `cannot tell whether the kernel has ${name}: there is no /lib/modules/${kernel}`,
      `modprobe ${name}`,
    );
  }
  if (state !== 'absent') return ok(`${name} ${found[state]}`);
  return fail(
    `the kernel has no ${name} (${CODE[name].option})`,
    `Ubuntu: apt-get install linux-modules-extra-${kernel}; otherwise a kernel with ${CODE[name].option}`,
  );
}

function codeCheck(name: keyof typeof CODE, why: string): Check {
  return {
    group: 'kernel',
    name,
    what: `the module ${name}: built in, loaded or installed`,
    why,
    repair: 'the package with the rest of the modules, or another kernel',
    run: (machine) => lookForCode(machine, name),
  };
}

export const VETH = codeCheck('veth', 'every endpoint has a veth pair');
export const BRIDGE = codeCheck('bridge', 'the endpoints of a pool are ports of a bridge');

export const TRIAL: Check = {
  group: 'kernel',
  name: 'trial',
  what: 'makes a veth pair and a bridge in a temporary network namespace',
  why: 'what the kernel, a security module or a filter refuses here, it refuses to the daemon',
  repair: 'the message names what was refused',
  run({ trial, euid }) {
    switch (trial.outcome) {
      case 'built':
        return ok('made a namespace, a veth pair and a bridge');
      case 'skipped':
        return unknown(`not tried: ${trial.why}`);
      case 'refused':
        if (trial.errno === 'EPERM' && euid !== 0) return unknown('cannot be tried without root', 'sudo netnsd doctor');
        return fail(`the kernel refuses to ${trial.operation}: ${trial.errno}`, 'see the other checks, or dmesg');
    }
  },
};

export const CONNTRACK: Check = {
  group: 'kernel',
  name: 'conntrack',
  what: 'the module nf_conntrack_netlink, if the host tracks connections',
  why: 'connections of an address are deleted before another endpoint gets it; without the module they stay, and packets accepted for one container are accepted for the next',
  repair: 'load the module, now and at each boot',
  run({ files, kernel }) {
    const isThere = (module: string, option: string) =>
      ['builtin', 'loaded'].includes(codeState(files, kernel, { module, option }));
    if (files.stats('/proc/sys/net/netfilter/nf_conntrack_max') === undefined)
      return ok('the host tracks no connections');
    if (isThere('nf_conntrack_netlink', 'CONFIG_NF_CT_NETLINK')) return ok('tracked connections can be deleted');
    return warn(
      'the host tracks connections, and nf_conntrack_netlink is not loaded: connections of an endpoint outlive it',
      'modprobe nf_conntrack_netlink && echo nf_conntrack_netlink > /etc/modules-load.d/netnsd.conf',
    );
  },
};

export const BPF: Check = {
  group: 'kernel',
  name: 'bpf',
  what: 'CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF, and BTF in /sys/kernel/btf/vmlinux',
  why: 'a BPF program counts writes to sysctls; without it, each release reads some 600 files',
  repair: 'a kernel that has them, such as those of the distributions',
  run({ files, kernel }) {
    const lacking = ['CONFIG_BPF_SYSCALL', 'CONFIG_CGROUP_BPF'].filter(
      (option) => kernelOption(files, kernel, option) === 'n',
    );
    if (files.stats('/sys/kernel/btf/vmlinux') === undefined) lacking.push('CONFIG_DEBUG_INFO_BTF');
    if (lacking.length === 0) return ok('the kernel can run the program that watches sysctls');
    return warn(
      `the kernel lacks ${lacking.join(' and ')}: writes to sysctls are not counted, so each release reads all sysctls`,
      "boot the distribution's own kernel, or one with these options",
    );
  },
};

export const CGROUP: Check = {
  group: 'kernel',
  name: 'cgroup2',
  what: 'the unified cgroup hierarchy is mounted, from its root',
  why: 'the program that watches sysctls is attached to its root',
  repair: 'boot with the unified hierarchy, the default of systemd',
  run({ files }) {
    const mounts = (files.text('/proc/self/mountinfo') ?? '').split('\n');
    const found = mounts.find((line) => / - cgroup2 /.test(line) && line.split(' ')[3] === '/');
    if (found !== undefined) return ok(`cgroup2 is mounted at ${found.split(' ')[4]}`);
    return warn(
      'cgroup2 is not mounted: writes to sysctls are not counted, so each release reads all sysctls',
      'boot with systemd.unified_cgroup_hierarchy=1, or: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
    );
  },
};
