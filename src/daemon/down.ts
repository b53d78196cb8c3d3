import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteLinks, waitForCleanup } from '../endpoint/build/destroy.js';
import { takeOverLinks } from '../endpoint/build/former-links.js';
import { listHostLinks } from '../endpoint/build/inventory.js';
import { NetnsdError } from '../errors.js';
import { errnoOf } from '../kernel/errno.js';
import { FileLock, lockHolder } from '../kernel/file-lock.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { removeFormerMounts } from '../kernel/netns/former-mounts.js';
import { NetnsLinks } from '../kernel/netns/netns-links.js';
import { Vault } from '../kernel/netns/vault.js';
import { stopVault } from '../kernel/netns/vault-program.js';
import { namesOf } from '../reconcile/index.js';
import { lockPath, readFormerMounts, removeForeignFiles, SHELF, STATE_FILES, STATE_FOLDERS } from '../state/index.js';
import { claimIdentity, claimSite, refuseRival } from './claim.js';
import { Held } from './held.js';
import { closeHostRules } from './host/host-rules.js';
import { assertPrivileged } from './privileges.js';
import { removeOverlays } from './remove-overlays.js';
import { refuseUsed } from './users.js';

/** How long a daemon may take to stop after SIGINT, in milliseconds. */
const STOP_DEADLINE_MS = 15_000;

export interface DownReport {
  readonly stoppedPid: number | null;
  readonly endpoints: number;
  readonly hubs: number;
}

export interface DownOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Although processes are inside. */
  readonly force: boolean;
}

/**
 * Removes every trace: stops the daemon if it runs, then removes all links, namespaces, mounts and files that bear the instance
 * id of this state directory, leased ones too. Idempotent. Throws `lease_in_use`, before anything is stopped, with what is in
 * use unless forced, and `destroy_failed` with everything that could not be removed.
 */
export async function takeDown({ stateDir, socketPath, force }: DownOptions): Promise<DownReport> {
  assertPrivileged();
  if (!force) await refuseUsed(stateDir);
  // No daemon starts until everything is gone.
  using held = new Held();
  const stoppedPid = await stopDaemon(stateDir, held);
  closeShelf(stateDir);
  const formerMounts = readFormerMounts(stateDir);
  using socket = NetlinkSocket.open({ many: true });
  const { site, claim } = await claimSite({ stateDir, netnsDir: null, socket });
  held.add(claim);
  if (formerMounts !== undefined) await takeOverLinks(socket, site);
  const { uplinks, former } = await listHostLinks(socket, site);
  const { namespaces, hubs } = inVault(site.stateDir);
  const names = namesOf(site, { links: former, namespaces });
  NetnsLinks.of(site)?.clear();
  // All that is mounted goes with the vault, and with each namespace that no process is in, its links.
  const failures = await failuresOf(async () => {
    await closeHostRules(site);
    if (formerMounts !== undefined) removeFormerMounts(formerMounts);
    removeOverlays(site.stateDir);
    if (existsSync(stateDir)) await stopVault(site.stateDir);
  });
  const placed = [...uplinks, ...former].map(({ name }) => ({ socket, name }));
  // What is held by a process, an endpoint in use or a hub that is being looked at, loses its link.
  for (const [name, { message }] of deleteLinks(await waitForCleanup(placed))) failures.push(`${name}: ${message}`);
  if (failures.length > 0) throw new NetnsdError('destroy_failed', `failed to remove ${failures.join('; ')}`);
  removeFiles(stateDir, socketPath);
  return { stoppedPid, endpoints: names.length, hubs: hubs.length };
}

/** What is mounted in the vault, if there is one. */
function inVault(stateDir: string): { namespaces: [string, number | undefined][]; hubs: string[] } {
  try {
    using vault = Vault.open(stateDir);
    return { namespaces: [...vault.namespaces()], hubs: [...vault.hubs().keys()] };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { namespaces: [], hubs: [] };
  }
}

/** Removes the shelf first, so that nothing more can be taken: a client in the middle of it finds its mark gone, and gives up. */
function closeShelf(stateDir: string): void {
  const folder = join(stateDir, SHELF);
  for (const part of ['offers', '.']) rmSync(join(folder, part), { recursive: true, force: true, maxRetries: 10 });
}

async function failuresOf(act: () => Promise<void>): Promise<string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/**
 * Stops the daemon of the state directory and adds what it held to `held`: its name in the network namespace, and the lock file
 * where there is one. Returns its pid, or null if none was running. Throws `state_dir_locked` for a daemon that does not stop,
 * cannot be told, or runs on another folder of this path.
 */
async function stopDaemon(stateDir: string, held: Held): Promise<number | null> {
  const stop = new Stop();
  for (;;) {
    const claimed = claimIdentity(stateDir, { warn: () => undefined });
    if ('claim' in claimed) {
      held.add(claimed.claim);
      break;
    }
    const { pid = lockHolder(lockPath(stateDir)), elsewhere } = claimed.rival;
    if (elsewhere || !pid) refuseRival(stateDir, claimed.rival);
    await stop.wait(pid);
  }
  // No daemon holds a lock that netnsd did not write. Of its own, one in another network namespace may hold the file.
  removeForeignFiles(stateDir);
  for (const path = lockPath(stateDir); existsSync(path); ) {
    const lock = FileLock.acquire(path);
    if (lock !== undefined) {
      held.add(lock);
      break;
    }
    await stop.wait(lockHolder(path));
  }
  return stop.pid;
}

/** Signals a process once, and waits for what it holds to be free, a little at a time. */
class Stop {
  pid: number | null = null;
  readonly #endMs = performance.now() + STOP_DEADLINE_MS;

  async wait(pid: number | undefined): Promise<void> {
    if (pid !== undefined && this.pid === null) signal(pid);
    this.pid = pid ?? this.pid;
    if (performance.now() > this.#endMs)
      throw new NetnsdError(
        'state_dir_locked',
        `the daemon (pid ${pid}) did not stop within ${STOP_DEADLINE_MS / 1000} s: stop it, then run \`netnsd down\` again`,
      );
    await delay(20);
  }
}

/** By SIGINT: after SIGTERM, systemd would start it again (Restart= in netnsd.service). */
function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Removes what netnsd puts into a state directory, and the directory if it is empty then. */
function removeFiles(stateDir: string, socketPath: string): void {
  rmSync(socketPath, { force: true });
  for (const folder of STATE_FOLDERS) rmSync(join(stateDir, folder), { recursive: true, force: true });
  for (const file of STATE_FILES.flatMap((name) => [name, `${name}.new`]))
    rmSync(join(stateDir, file), { recursive: true, force: true });
  try {
    if (readdirSync(stateDir).length === 0) rmdirSync(stateDir);
  } catch (error) {
    // Already gone; or a mount point, as the RuntimeDirectory= of systemd, which removes it.
    if (existsSync(stateDir) && (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}

/** Removes every trace of a daemon, alive or dead; reports on stderr and resolves with the exit status. */
export async function down(options: DownOptions): Promise<number> {
  const { stoppedPid, endpoints, hubs } = await takeDown(options);
  const daemon = stoppedPid === null ? 'no daemon was running' : `the daemon (pid ${stoppedPid}) has stopped`;
  process.stderr.write(`${daemon}; ${endpoints} endpoints and ${hubs} ${hubs === 1 ? 'hub' : 'hubs'} removed\n`);
  return 0;
}
