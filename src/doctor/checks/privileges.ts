import { type Capability, NEEDED_CAPABILITIES, readCapabilities } from '../../kernel/process/capabilities.js';
import type { Machine } from '../machine.js';
import { type Check, fail, type Outcome, ok, warn } from '../outcome.js';

/** Inode numbers of the machine's first namespaces; include/uapi/linux/nsfs.h. */
const FIRST = { user: 0xef_ff_ff_fd, pid: 0xef_ff_ff_fc } as const;

function isFirst({ files }: Machine, kind: keyof typeof FIRST): boolean {
  return files.link(`/proc/self/ns/${kind}`) === `${kind}:[${FIRST[kind]}]`;
}

/** Whose capabilities count: the running daemon's, or else ours, or those that root would have here. */
function subject({ files, daemon, euid }: Machine): { who: string; has: bigint } {
  const status = daemon.answers ? files.text(`/proc/${daemon.status.pid}/status`) : undefined;
  if (status !== undefined) return { who: 'the daemon', has: readCapabilities(status).effective };
  const own = readCapabilities(files.text('/proc/self/status') ?? '');
  return euid === 0 ? { who: 'root', has: own.effective } : { who: 'even root', has: own.bounding };
}

export const CAPABILITIES: Check = {
  group: 'privileges',
  name: 'capabilities',
  what: 'capabilities of the running daemon, or else of root here',
  why: 'without CAP_NET_ADMIN and CAP_SYS_ADMIN no endpoint can be built; docs/privileges.md explains the others',
  repair: 'add them to the container or service in which the daemon runs',
  run(machine) {
    const { who, has } = subject(machine);
    const missing = Object.entries<Capability>(NEEDED_CAPABILITIES).filter(
      ([, { number }]) => ((has >> BigInt(number)) & 1n) === 0n,
    );
    if (missing.length === 0) return ok(`${who} has every capability that netnsd needs`);
    return missing.map(([name, { reason, required, without }]): Outcome => {
      const message = `${who} lacks ${name} (to ${reason}): ${without}`;
      const advice = [
        `in a container: docker run --cap-add ${name.slice(4)} …, podman run --cap-add ${name.slice(4)} …`,
        `in a unit: add ${name} to CapabilityBoundingSet=, as native-scripts/netnsd.service does`,
      ];
      return required ? fail(message, ...advice) : warn(message, ...advice);
    });
  },
};

export const USER_NAMESPACE: Check = {
  group: 'privileges',
  name: 'user-namespace',
  what: 'whether this is the first user namespace of the machine',
  why: "in another one root may not load BPF programs, and does not see the namespaces of other users' processes",
  repair: 'run netnsd outside rootless or userns-remapped containers',
  run(machine) {
    if (isFirst(machine, 'user')) return ok("the machine's first user namespace");
    return warn(
      "this is not the machine's first user namespace: there are no seals, so every released endpoint is verified by proof or replaced",
      'run netnsd on the machine itself, or in a container without a user namespace (docker run --userns=host)',
    );
  },
};

export const PID_NAMESPACE: Check = {
  group: 'privileges',
  name: 'pid-namespace',
  what: 'whether this is the first PID namespace of the machine',
  why: 'in another one the daemon does not see which processes use an endpoint, and never ends a lease as unused',
  repair: 'share the PID namespace of the machine: `--pid=host`',
  run(machine) {
    if (isFirst(machine, 'pid')) return ok('all processes of the machine are visible');
    return warn(
      'this is not the first PID namespace of the machine: processes outside it, such as containers with leases, are not visible',
      'run netnsd on the machine itself, or in a container with --pid=host',
    );
  },
};

export const SECCOMP: Check = {
  group: 'privileges',
  name: 'seccomp',
  what: 'a system call filter on this process',
  why: "Docker's default filter refuses unshare, setns, mount and bpf without CAP_SYS_ADMIN",
  repair: 'a profile that allows them, or no profile',
  run({ files, trial }) {
    const mode = /^Seccomp:\s*(\d)$/m.exec(files.text('/proc/self/status') ?? '')?.[1];
    if (mode !== '2') return ok('no system call filter');
    if (trial.outcome === 'built') return ok('a system call filter is active, and lets netnsd build');
    return warn(
      'a system call filter is active here, and may refuse unshare, setns, mount or bpf to the daemon',
      'docker run --security-opt seccomp=unconfined …, or a profile that allows these',
    );
  },
};
