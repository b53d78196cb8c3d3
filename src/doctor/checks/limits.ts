import { MOST_SEALS } from '../../endpoint/verify/seals.js';
import { mostEndpoints } from '../machine.js';
import { type Check, fail, ok, unknown, warn } from '../outcome.js';

/** Descriptors of the daemon itself and of a build. */
const OWN_DESCRIPTORS = 64;
/** A record and its successor while it is replaced, a page of a tmpfs each, and the files of a lease. */
const BYTES_AN_ENDPOINT = 16 * 1024;
/** A record, its successor, a mount point, and the files of a lease. */
const FILES_AN_ENDPOINT = 6;

function persistent(name: string, value: number): string[] {
  return [
    `sysctl -w ${name}=${value}`,
    `echo '${name} = ${value}' > /etc/sysctl.d/90-netnsd-${name.split('.').at(-1)}.conf`,
  ];
}

/** The next power of two: limits are easier to read so. */
function roundUp(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

export const OPEN_FILES: Check = {
  group: 'limits',
  name: 'open-files',
  what: 'RLIMIT_NOFILE (hard) of the running daemon, or else of this shell',
  why: 'a sealed endpoint takes one descriptor, at most 1000 are sealed, and half of the descriptors are kept for clients',
  repair: '`LimitNOFILE=` in the unit, `ulimit -Hn` in a shell',
  run(machine) {
    const { files, daemon } = machine;
    const ofDaemon = daemon.answers ? files.text(`/proc/${daemon.status.pid}/limits`) : undefined;
    const text = ofDaemon ?? files.text('/proc/self/limits') ?? '';
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
    if (hard === undefined) return unknown('the limit of open files cannot be read');
    if (hard === 'unlimited') return ok('open files are not limited');
    const wanted = 2 * (Math.min(mostEndpoints(machine), MOST_SEALS) + OWN_DESCRIPTORS);
    if (Number(hard) >= wanted) return ok(`${hard} open files, at most ${wanted} needed`);
    return warn(
      `${ofDaemon === undefined ? 'this shell' : 'the daemon'} may open ${hard} files, and ${mostEndpoints(machine)} endpoints and their clients need ${wanted}`,
      `in the unit: LimitNOFILE=${roundUp(wanted)}; in a shell: ulimit -Hn ${roundUp(wanted)}`,
    );
  },
};

export const NAMESPACES: Check = {
  group: 'limits',
  name: 'namespaces',
  what: "user.max_net_namespaces against the sum of the pools' max",
  why: 'at the limit the kernel refuses to make a namespace (ENOSPC), and the pools stay smaller',
  repair: 'raise the sysctl',
  run(machine) {
    const limit = machine.files.sysctl('user.max_net_namespaces');
    if (limit === undefined) return unknown('user.max_net_namespaces cannot be read');
    const wanted = mostEndpoints(machine);
    if (limit > wanted) return ok(`${limit} network namespaces, at most ${wanted} for pools`);
    const message = `user.max_net_namespaces is ${limit}, and the pools may grow to ${wanted} endpoints`;
    const advice = persistent('user.max_net_namespaces', roundUp(2 * wanted + 1));
    return limit === 0 ? fail(message, ...advice) : warn(message, ...advice);
  },
};

/** Its root and /proc. */
const VAULT_OWN_MOUNTS = 2;

export const MOUNTS: Check = {
  group: 'limits',
  name: 'mounts',
  what: "fs.mount-max against the sum of the pools' max",
  why: 'every endpoint is a mount in the mount namespace of the vault; at the limit mount(2) fails with ENOSPC',
  repair: 'raise the sysctl',
  run(machine) {
    const limit = machine.files.sysctl('fs.mount-max');
    if (limit === undefined) return unknown('fs.mount-max cannot be read');
    const wanted = mostEndpoints(machine) + VAULT_OWN_MOUNTS;
    if (limit > wanted) return ok(`${limit} mounts, at most ${wanted} needed`);
    return warn(
      `fs.mount-max is ${limit}, with ${mostEndpoints(machine)} endpoints at most`,
      ...persistent('fs.mount-max', roundUp(2 * wanted)),
    );
  },
};

export const NEIGHBOURS: Check = {
  group: 'limits',
  name: 'neighbours',
  what: "net.ipv4.neigh.default.gc_thresh3 against the sum of the pools' max",
  why: 'all namespaces share one neighbour table; each running container has an entry for its gateway, and the host one for the container; when the table is full ("neighbor table overflow" in dmesg) new containers have no network',
  repair: 'raise the three thresholds',
  run(machine) {
    const limit = machine.files.sysctl('net.ipv4.neigh.default.gc_thresh3');
    if (limit === undefined)
      return unknown("gc_thresh3 can only be read in the machine's first network namespace, and this is another");
    const wanted = 2 * mostEndpoints(machine);
    if (limit >= wanted) return ok(`${limit} neighbours, at most ${wanted} needed`);
    const least = roundUp(wanted);
    const values = [least / 4, least / 2, least];
    return warn(
      `gc_thresh3 is ${limit}: ${mostEndpoints(machine)} containers with their gateway, and the host with each of them, need ${wanted}`,
      `sysctl -w ${values.map((value, i) => `net.ipv4.neigh.default.gc_thresh${i + 1}=${value}`).join(' ')}`,
      ...values.map(
        (value, i) => `in /etc/sysctl.d/90-netnsd-neighbours.conf: net.ipv4.neigh.default.gc_thresh${i + 1} = ${value}`,
      ),
    );
  },
};

export const SPACE: Check = {
  group: 'limits',
  name: 'space',
  what: "file system of the state directory: a tmpfs with space for the sum of the pools' max",
  why: 'a lease is answered once its record is written, so a full file system refuses leases; and records must not survive a reboot, since namespaces do not',
  repair: 'a larger tmpfs, or another `--state-dir`',
  run(machine) {
    const { files, place } = machine;
    const path = files.stats(place.stateDir) === undefined ? parentOf(place.stateDir) : place.stateDir;
    const space = files.space(path);
    if (space === undefined) return unknown(`there is no ${path}`);
    const most = mostEndpoints(machine);
    const [bytes, count] = [most * BYTES_AN_ENDPOINT, most * FILES_AN_ENDPOINT];
    if (space.freeBytes < bytes || space.freeFiles < count) {
      const free = `${toMiB(space.freeBytes)} MiB and ${space.freeFiles} files`;
      return warn(
        `${path} has ${free} free; ${most} endpoints may take ${Math.ceil(bytes / 2 ** 20)} MiB and ${count} files`,
        `mount -o remount,size=${Math.ceil((2 * bytes) / 2 ** 20)}M,nr_inodes=${2 * count} /run (if it is a tmpfs of its own), or --state-dir elsewhere`,
      );
    }
    if (space.isTmpfs) return ok(`${path} is a tmpfs with ${toMiB(space.freeBytes)} MiB free`);
    return warn(
      `${path} is on a disk: records survive a reboot and namespaces do not, and each lease waits for the disk`,
      `before the daemon starts: mkdir -p ${place.stateDir} && mount -t tmpfs -o mode=700 tmpfs ${place.stateDir}`,
    );
  },
};

function toMiB(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** What the daemon asks listen(2) for; see src/api/listen.ts. */
const BACKLOG = 4096;

export const CONNECTIONS: Check = {
  group: 'limits',
  name: 'connections',
  what: 'net.core.somaxconn against the queue of connections that the daemon asks for',
  why: 'when more clients connect at once than fit into the queue, they wait or fail with EAGAIN; clients of the shelf do not connect',
  repair: 'raise the sysctl, then restart the daemon',
  run({ files }) {
    const limit = files.sysctl('net.core.somaxconn');
    if (limit === undefined) return unknown('net.core.somaxconn cannot be read');
    if (limit >= BACKLOG) return ok(`${limit} connections may wait`);
    return warn(
      `net.core.somaxconn is ${limit}, and the daemon asks for ${BACKLOG}`,
      ...persistent('net.core.somaxconn', BACKLOG),
    );
  },
};
