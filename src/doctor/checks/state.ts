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
  why: 'root trusts the records in it, so the daemon does not start if others may write to it or replace it',
  repair: 'the message names the command',
  run({ files, place, site, euid }) {
    const own = files.stats(place.stateDir);
    // Also for a caller who is not root: root's directory is for root's daemon.
    const problem = stateDirectoryProblem(place.stateDir, own?.uid === 0 ? 0 : euid);
    if (problem !== undefined) return fail(problem);
    const elsewhere = [place.socketPath, site.netnsDir ?? place.socketPath]
      .map(unsafeAncestor)
      .find((one) => one !== undefined);
    if (elsewhere !== undefined) return fail(`${elsewhere.path} ${elsewhere.problem}`);
    return ok(own === undefined ? `${place.stateDir} can be created` : `only root may change ${place.stateDir}`);
  },
};

export const SOCKET: Check = {
  group: 'state',
  name: 'socket',
  what: 'mode and group of the socket, against `socket_mode` and `socket_group`',
  why: 'its writers can acquire and release leases, and have root write to bundles',
  repair: 'chmod, or restart the daemon, which sets both',
  run({ files, place, config }) {
    const stats = files.stats(place.socketPath);
    if (stats === undefined) return ok(`there is no ${place.socketPath}`);
    if (!stats.isSocket())
      return fail(`${place.socketPath} is not a socket`, `mv ${place.socketPath} ${place.socketPath}.old`);
    const mode = stats.mode & 0o777;
    if ((mode & 0o002) !== 0)
      return fail(
        `every user may use ${place.socketPath}: it has mode ${octal(mode)}`,
        `chmod o-rwx ${place.socketPath}`,
      );
    if (!config.ok) return ok(`${place.socketPath} has mode ${octal(mode)}`);
    const { socketGroup, socketMode } = config.value;
    const wanted = socketMode === null ? (socketGroup === null ? 0o600 : 0o660) : Number.parseInt(socketMode, 8);
    const group = socketGroup === null ? undefined : groupId(files.text('/etc/group') ?? '', socketGroup);
    if (mode !== wanted)
      return warn(
        `${place.socketPath} has mode ${octal(mode)}, the configuration says ${octal(wanted)}`,
        `chmod ${octal(wanted)} ${place.socketPath}`,
      );
    if (group !== undefined && stats.gid !== group)
      return warn(
        `${place.socketPath} belongs to group ${stats.gid}, not to ${socketGroup}`,
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
  what: 'files in the state directory that are not valid records',
  why: 'another program wrote them, or a record was damaged; they are not read again',
  repair: 'inspect them, then remove them',
  run({ files, place }) {
    const folder = join(place.stateDir, SET_ASIDE);
    const names = files.names(folder);
    if (names.length === 0) return ok('nothing was set aside');
    return warn(`${names.length} files were set aside, such as ${names[0]}`, `ls -l ${folder}; rm -r ${folder}/*`);
  },
};

export const LEFTOVER: Check = {
  group: 'state',
  name: 'leftover',
  what: 'a locked state directory whose daemon does not answer; records and mounted namespaces without a daemon',
  why: 'pools are not refilled and leases do not end; running containers keep their network',
  repair: '`netnsd serve` takes all of it over, `netnsd down` removes it',
  run(machine) {
    const { daemon, files, place } = machine;
    if (daemon.answers) return ok('a daemon is running');
    const lock = files.stats(join(place.stateDir, 'lock'));
    const pid = lock === undefined ? undefined : lockHolder(files.text('/proc/locks') ?? '', lock);
    if (pid !== undefined && !daemon.forbidden)
      return fail(
        `a daemon (pid ${pid}) holds ${place.stateDir}/lock, and does not answer on ${place.socketPath}`,
        'name its socket with --socket; or, if it hangs: netnsd down, or kill it and run netnsd serve',
      );
    if (pid !== undefined || daemon.forbidden) return ok('a daemon seems to be running');
    const namespaces = mountedNamespaces(machine);
    const records = ENDPOINT_STATES.flatMap((state) => files.names(join(place.stateDir, state))).length;
    if (namespaces + records === 0) return ok('nothing was left behind');
    return warn(
      `no daemon is running; ${namespaces} mounted namespaces and ${records} records are left`,
      'netnsd serve (takes them over), or netnsd down (removes them)',
    );
  },
};

/** The process that holds an flock(2) on a file: proc_locks(5). Device and inode are one field. */
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
