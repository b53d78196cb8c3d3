import { type Capability, NEEDED_CAPABILITIES, readCapabilities } from '../../kernel/process/capabilities.js';
import type { Machine } from '../machine.js';
import { type Check, fail, type Outcome, ok, warn } from '../outcome.js';

/** Inode numbers of the machine's first namespaces; include/uapi/linux/nsfs.h. */
const FIRST = { user: 0xef_ff_ff_fd, pid: 0xef_ff_ff_fc } as const;

function isFirst({ files }: Machine, kind: keyof typeof FIRST): boolean {
  return files.link(`/proc/self/ns/${kind}`) === `${kind}:[${FIRST[kind]}]`;
}

/** Whose capabilities count: the daemon's where one runs, otherwise ours, or what root would get here. */
function subject({ files, daemon, euid }: Machine): { who: string; has: bigint } {
  const status = daemon.answers ? files.text(`/proc/${daemon.status.pid}/status`) : undefined;
  if (status !== undefined) return { who: 'the daemon', has: readCapabilities(status).effective };
  const own = readCapabilities(files.text('/proc/self/status') ?? '');
  return euid === 0 ? { who: 'root', has: own.effective } : { who: 'even root', has: own.bounding };
}

export const CAPABILITIES: Check = {
  group: 'privileges',
  name: 'capabilities',
  what: 'capabilities of the daemon that runs, otherwise those that root has here',
  why: 'without CAP_NET_ADMIN and CAP_SYS_ADMIN nothing can be built; what the others are for is in docs/privileges.md',
  mend: 'give them to the container or service in which the daemon runs',
  look(machine) {
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
  why: "in another one root may load no BPF programs, and sees no other user's processes in their namespaces",
  mend: 'run netnsd outside of rootless or userns-remapped containers',
  look(machine) {
    if (isFirst(machine, 'user')) return ok("the machine's first user namespace");
    return warn(
      "this is not the machine's first user namespace: no seals, so every released endpoint is read whole or replaced",
      'run netnsd on the machine itself, or in a container without a user namespace (docker run --userns=host)',
    );
  },
};

export const PID_NAMESPACE: Check = {
  group: 'privileges',
  name: 'pid-namespace',
  what: 'whether this is the first PID namespace of the machine',
  why: 'in another one the daemon does not see who uses an endpoint, and so ends no lease as unused',
  mend: "share the machine's: `--pid=host`",
  look(machine) {
    if (isFirst(machine, 'pid')) return ok('every process of the machine is seen');
    return warn(
      'this is a PID namespace of its own: processes outside of it, and so containers that hold leases, are not seen',
      'run netnsd on the machine itself, or in a container with --pid=host',
    );
  },
};

export const SECCOMP: Check = {
  group: 'privileges',
  name: 'seccomp',
  what: 'a filter of system calls on this process',
  why: "Docker's default filter refuses unshare, setns, mount and bpf to what has not CAP_SYS_ADMIN",
  mend: 'a profile that allows them, or none',
  look({ files, trial }) {
    const mode = /^Seccomp:\s*(\d)$/m.exec(files.text('/proc/self/status') ?? '')?.[1];
    if (mode !== '2') return ok('no filter of system calls');
    if (trial.outcome === 'built') return ok('a filter of system calls is in force, and lets netnsd build');
    return warn(
      'a filter of system calls is in force here, and may refuse unshare, setns, mount or bpf to the daemon',
      'docker run --security-opt seccomp=unconfined …, or a profile that allows these',
    );
  },
};
