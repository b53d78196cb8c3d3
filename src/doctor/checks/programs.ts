import { join } from 'node:path';
import type { Machine } from '../machine.js';
import { type Check, fail, ok, warn } from '../outcome.js';

const LEAST_NODE = [20, 19] as const;
/** Where Debian and install.sh put programs, in case they are not in PATH. */
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const RUNTIMES = ['runc', 'crun', 'runsc'];
const WRAPPER = 'netnsd-runc';

function findProgram({ files, path }: Machine, name: string): string | undefined {
  const folders = [...path.split(':').filter((folder) => folder.startsWith('/')), ...FOLDERS];
  return folders.map((folder) => join(folder, name)).find((file) => files.isProgram(file));
}

export const NODE: Check = {
  group: 'programs',
  name: 'node',
  what: 'Node.js 20.19 or newer',
  why: 'netnsd is tested with it',
  repair: 'install it from nodejs.org or NodeSource; the version of Debian 12 is older',
  run({ node }) {
    const [major = 0, minor = 0] = node.slice(1).split('.').map(Number);
    if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return ok(`Node.js ${node}`);
    return fail(
      `Node.js is ${node}, but ${LEAST_NODE.join('.')} or newer is needed`,
      'see https://nodejs.org/en/download',
    );
  },
};

export const RUNTIME: Check = {
  group: 'programs',
  name: 'runtime',
  what: 'runc, crun or runsc',
  why: 'netnsd provides networks to containers, and does not start them',
  repair: 'install the Debian package runc or crun, or runsc from gVisor',
  run(machine) {
    const found = RUNTIMES.flatMap((name) => findProgram(machine, name) ?? []);
    if (found.length > 0) return ok(found.join(', '));
    return warn(
      'none of runc, crun and runsc is installed: no program here starts containers in leased namespaces',
      'apt-get install runc',
    );
  },
};

export const WRAPPER_PROGRAM: Check = {
  group: 'programs',
  name: 'netnsd-runc',
  what: 'netnsd-runc, in PATH or where install.sh puts it',
  why: 'containerd, Podman and other callers of a runtime lease through it; `netnsd acquire` and `netnsd oci patch` do not need it',
  repair: '`sudo bash native-scripts/install.sh` builds and installs it',
  run(machine) {
    const found = findProgram(machine, WRAPPER);
    if (found !== undefined) return ok(found);
    return warn(
      `${WRAPPER} is not installed: a caller of a runtime gets no lease, except by a hook or an acquire of its own`,
      'sudo bash native-scripts/install.sh',
    );
  },
};
