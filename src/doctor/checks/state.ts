import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { VAULT_LINK, VAULT_MOUNTS } from '../../kernel/netns/vault-layout.js';
import { ENDPOINT_STATES } from '../../pool/types.js';
import { SET_ASIDE, stateDirectoryProblem, unsafeAncestor } from '../../state/index.js';
import type { Machine } from '../machine.js';
import { type Check, fail, ok, warn } from '../outcome.js';

export const STATE_DIRECTORY: Check = {
  group: 'state',
  name: 'state-directory',
  what: 'owner and mode of the state directory and its folders, and of every folder above it and above the socket and netns_dir',
  why: 'root obeys the records in it, so a daemon does not start where others may write to it or put another in its place',
  mend: 'the message has the command',
  look({ files, place, site, euid }) {
    const own = files.stats(place.stateDir);
    // Whoever asks: a directory of root's is for root's daemon.
    const problem = stateDirectoryProblem(place.stateDir, own?.uid === 0 ? 0 : euid);
    if (problem !== undefined) return fail(problem);
    const elsewhere = [place.socketPath, site.netnsDir ?? place.socketPath]
      .map(unsafeAncestor)
      .find((one) => one !== undefined);
    if (elsewhere !== undefined) return fail(`${elsewhere.path} ${elsewhere.problem}`);
    return ok(own === undefined ? `${place.stateDir} can be made` : `only root may change ${place.stateDir}`);
  },
};

export const SOCKET: Check = {
  group: 'state',
  name: 'socket',
  what: 'mode and group of the socket, against `socket_mode` and `socket_group`',
  why: 'who may write to it leases, ends leases and has root write into bundles',
  mend: 'chmod, or a restart, which sets both',
  look({ files, place, config }) {
    const stats = files.stats(place.socketPath);
    if (stats === undefined) return ok(`there is no ${place.socketPath}`);
    if (!stats.isSocket())
      return fail(`${place.socketPath} is no socket`, `mv ${place.socketPath} ${place.socketPath}.old`);
    const mode = stats.mode & 0o777;
    if ((mode & 0o002) !== 0)
      return fail(
        `everybody may use ${place.socketPath}: it has mode ${octal(mode)}`,
        `chmod o-rwx ${place.socketPath}`,
      );
    if (!config.ok) return ok(`${place.socketPath} has mode ${octal(mode)}`);
    const { socketGroup, socketMode } = config.value;
    const wanted = socketMode === null ? (socketGroup === null ? 0o600 : 0o660) : Number.parseInt(socketMode, 8);
    const group = socketGroup === null ? undefined : groupId(files.text('/etc/group') ?? '', socketGroup);
    if (mode !== wanted)
      return warn(
        `${place.socketPath} has mode ${octal(mode)}, and the configuration says ${octal(wanted)}`,
        `chmod ${octal(wanted)} ${place.socketPath}`,
      );
    if (group !== undefined && stats.gid !== group)
      return warn(
        `${place.socketPath} belongs to group ${stats.gid}, and not to ${socketGroup}`,
        `chgrp ${socketGroup} ${place.socketPath}`,
      );
    return ok(`${place.socketPath} has mode ${octal(mode)}`);
  },
};

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function groupId(groups: string, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const id = groups
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')[2];
  return id === undefined ? undefined : Number(id);
}

export const SET_ASIDE_FILES: Check = {
  group: 'state',
  name: 'set-aside',
  what: 'files in the state directory that were found to be no records',
  why: 'somebody else wrote them, or a record was damaged; they are never read again',
  mend: 'look at them, then remove them',
  look({ files, place }) {
    const folder = join(place.stateDir, SET_ASIDE);
    const names = files.names(folder);
    if (names.length === 0) return ok('nothing was set aside');
    return warn(`${names.length} files were set aside, such as ${names[0]}`, `ls -l ${folder}; rm -r ${folder}/*`);
  },
};

export const LEFTOVER: Check = {
  group: 'state',
  name: 'leftover',
  what: 'a lock that a daemon holds which does not answer; records and mounted namespaces without a daemon',
  why: 'nobody fills the pools, ends leases or mends; containers that run keep their network',
  mend: '`netnsd serve` goes on with all of it, `netnsd down` removes it',
  look(machine) {
    const { daemon, files, place } = machine;
    if (daemon.answers) return ok('a daemon looks after what there is');
    const lock = files.stats(join(place.stateDir, 'lock'));
    const pid = lock === undefined ? undefined : lockHolder(files.text('/proc/locks') ?? '', lock);
    if (pid !== undefined && !daemon.forbidden)
      return fail(
        `a daemon (pid ${pid}) holds ${place.stateDir}/lock, and does not answer on ${place.socketPath}`,
        'name its socket with --socket; or, if it hangs: netnsd down, or kill it and run netnsd serve again',
      );
    if (pid !== undefined || daemon.forbidden) return ok('a daemon seems to run');
    const namespaces = mountedNamespaces(machine);
    const records = ENDPOINT_STATES.flatMap((state) => files.names(join(place.stateDir, state))).length;
    if (namespaces + records === 0) return ok('nothing is left of a daemon');
    return warn(
      `no daemon runs, and ${namespaces} namespaces are mounted and ${records} records there`,
      'netnsd serve (goes on with them), or netnsd down (removes them)',
    );
  },
};

/** Who holds an flock(2) on a file: proc_locks(5). Device and inode stand in one field. */
function lockHolder(locks: string, { dev, ino }: Stats): number | undefined {
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  const file = `${hex(major)}:${hex(minor)}:${ino}`;
  const line = locks.split('\n').find((one) => one.includes(' FLOCK ') && one.split(/\s+/).includes(file));
  const pid = Number(line?.trim().split(/\s+/)[4]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** In the vault, to which the link of the state directory leads. */
function mountedNamespaces({ files, place }: Machine): number {
  const link = files.link(join(place.stateDir, VAULT_LINK)) ?? '';
  return /^\/proc\/\d+\/root\/netns$/.test(link) ? files.names(join(link, '..', VAULT_MOUNTS)).length : 0;
}
