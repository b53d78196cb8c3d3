import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chooseInstanceId, identityOf } from '../endpoint/identity.js';
import type { Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { bootId } from '../kernel/host/boot-id.js';
import { NameLock } from '../kernel/name-lock.js';
import type { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { type Link, listLinks } from '../kernel/rtnetlink/link.js';
import { readFormerMounts, readSite, realStateDir, siteOf } from '../state/index.js';

interface Log {
  warn(details: object, message: string): void;
}

/** Another process that has the name of this daemon. */
export interface Rival {
  /** 0: in another PID namespace; undefined: not known. */
  readonly pid: number | undefined;
  /** Its state directory is another folder at the same path, as in a container of the host's network. */
  readonly elsewhere: boolean;
}

/**
 * One daemon an identity and network namespace: takes the identity's name, or tells who has it. A name that a process of an
 * unprivileged user has taken, which is no daemon, is passed over with a warning: the lock file is left.
 */
export function claimIdentity(stateDir: string, log: Log): { claim: Disposable } | { rival: Rival } {
  const identity = identityOf({ bootId: bootId(), stateDir: realStateDir(stateDir) });
  const attempt = NameLock.acquire(`netnsd/${createHash('sha256').update(identity).digest('hex')}`);
  if (attempt.lock !== undefined) return { claim: attempt.lock };
  const { holder } = attempt;
  if (isStranger(holder?.uid)) {
    log.warn({ ...holder }, 'a process of another user holds the name of this daemon, which is no daemon then');
    return { claim: { [Symbol.dispose]: () => undefined } };
  }
  return { rival: { pid: holder?.pid, elsewhere: isElsewhere(stateDir, holder?.pid) } };
}

/** Whether the folder at this path is another one for the process; one that is gone for both is the same. */
function isElsewhere(stateDir: string, pid: number | undefined): boolean {
  if (pid === undefined || !existsSync(`/proc/${pid}/root`)) return pid === 0;
  const inode = (path: string): string => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? 'none' : `${stats.dev}:${stats.ino}`;
  };
  return inode(realStateDir(stateDir)) !== inode(`/proc/${pid}/root${realStateDir(stateDir)}`);
}

/** Throws `state_dir_locked` with what to do. */
export function refuseRival(stateDir: string, { pid, elsewhere }: Rival): never {
  const who = pid ? `pid ${pid}` : 'in another container or PID namespace';
  const where = elsewhere ? `on another folder ${stateDir} in this network namespace` : `on ${stateDir}`;
  const message = `another daemon (${who}) runs ${where}: stop it, or choose another folder with --state-dir`;
  throw new NetnsdError('state_dir_locked', message, { details: { stateDir, pid } });
}

/**
 * The site of a daemon whose identity is claimed: with the instance id of its objects if there are any, and one that no other
 * daemon of this network namespace uses in any case. `claim` holds the instance id until disposed. Throws kernel_error.
 */
export async function claimSite(options: {
  stateDir: string;
  netnsDir: string | null;
  socket: NetlinkSocket;
}): Promise<{ site: Site; links: readonly Link[]; claim: Disposable }> {
  let lock: NameLock | undefined;
  const claim = (instanceId: string): boolean => {
    const attempt = NameLock.acquire(`netnsd/instance/${instanceId}`);
    lock = attempt.lock;
    // What another user's process holds is no daemon's.
    return lock !== undefined || (attempt.lock === undefined && isStranger(attempt.holder?.uid));
  };
  const found = await findSite({ ...options, claim });
  return { ...found, claim: { [Symbol.dispose]: () => lock?.[Symbol.dispose]() } };
}

/** The site of a state directory whose daemon may run, and the links that look like a daemon's. Throws kernel_error. */
export async function findSite(options: {
  stateDir: string;
  netnsDir: string | null;
  socket: NetlinkSocket;
  claim?: (instanceId: string) => boolean;
}): Promise<{ site: Site; links: readonly Link[] }> {
  const { stateDir, netnsDir, socket, claim = () => true } = options;
  const recorded = readSite(stateDir);
  const site = siteOf(stateDir, netnsDir ?? recorded?.netnsDir ?? null);
  const links = [...(await listLinks(socket, { kind: 'bridge' })), ...(await listLinks(socket, { kind: 'veth' }))];
  const { identity } = site;
  // What version 0.1 made has no identity, and the instance id of the path.
  const isFormer = readFormerMounts(stateDir) !== undefined;
  const instanceId = chooseInstanceId({
    ...{ identity, stateDir: site.stateDir, links, claim },
    recorded: isFormer ? undefined : recorded?.instanceId,
    isFormer,
  });
  return { site: { ...site, instanceId }, links };
}

function isStranger(uid: number | undefined): boolean {
  return uid !== undefined && uid !== 0 && uid !== process.geteuid?.();
}
