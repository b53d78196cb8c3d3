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
  why: 'what netnsd is tested with',
  mend: 'install it from nodejs.org or NodeSource; Debian 12 has an older one',
  look({ node }) {
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
  why: 'netnsd gives containers their network, and does not start them',
  mend: 'install the Debian package runc or crun; gVisor has packages of its own for runsc',
  look(machine) {
    const found = RUNTIMES.flatMap((name) => findProgram(machine, name) ?? []);
    if (found.length > 0) return ok(found.join(', '));
    return warn(
      'neither runc nor crun nor runsc is installed: nothing here starts containers on leased namespaces',
      'apt-get install runc',
    );
  },
};

export const WRAPPER_PROGRAM: Check = {
  group: 'programs',
  name: 'netnsd-runc',
  what: 'netnsd-runc, in PATH or where install.sh puts it',
  why: 'containerd, Podman and whatever else calls a runtime lease by it; `netnsd acquire` and `netnsd oci patch` do without',
  mend: '`sudo bash native-scripts/install.sh` builds and installs it',
  look(machine) {
    const found = findProgram(machine, WRAPPER);
    if (found !== undefined) return ok(found);
    return warn(
      `${WRAPPER} is not installed: who calls a runtime gets no lease without asking for one`,
      'sudo bash native-scripts/install.sh',
    );
  },
};
