import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteLinks, waitForCleanup } from '../endpoint/build/destroy.js';
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
import {
  lockPath,
  readFormerMounts,
  readSite,
  removeForeignFiles,
  SHELF,
  STATE_FILES,
  STATE_FOLDERS,
  siteOf,
} from '../state/index.js';
import { assertPrivileged } from './privileges.js';

/** How long a daemon may take to stop after SIGTERM, in milliseconds. */
const STOP_DEADLINE_MS = 15_000;

export interface DownReport {
  readonly stoppedPid: number | null;
  readonly endpoints: number;
  readonly hubs: number;
}

/**
 * Removes every trace: stops the daemon if it runs, then removes all links, namespaces, mounts and files that bear the instance
 * id of this state directory, leased ones too. Idempotent. Throws `destroy_failed` with everything that could not be removed.
 */
export async function takeDown(options: { stateDir: string; socketPath: string }): Promise<DownReport> {
  assertPrivileged();
  const { stateDir, socketPath } = options;
  removeForeignFiles(stateDir);
  const stoppedPid = await stopDaemon(stateDir);
  closeShelf(stateDir);
  const site = readSite(stateDir) ?? siteOf(stateDir, null);
  const formerMounts = readFormerMounts(stateDir);
  using socket = NetlinkSocket.open({ many: true });
  const { uplinks, former } = await listHostLinks(socket, site);
  const { namespaces, hubs } = inVault(site.stateDir);
  const names = namesOf(site, { links: former, namespaces });
  NetnsLinks.of(site)?.clear();
  // All that is mounted goes with the vault, and with each namespace that no process is in, its links.
  const failures = await failuresOf(async () => {
    if (formerMounts !== undefined) removeFormerMounts(formerMounts);
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

/** Stops the daemon that holds the lock and waits until the lock is free. Returns its pid, or null if none was running. */
async function stopDaemon(stateDir: string): Promise<number | null> {
  const path = lockPath(stateDir);
  if (!existsSync(path)) return null;
  let stopped: number | null = null;
  for (const end = performance.now() + STOP_DEADLINE_MS; ; await delay(20)) {
    const lock = FileLock.acquire(path);
    if (lock !== undefined) {
      lock.release();
      return stopped;
    }
    const pid = lockHolder(path);
    if (pid !== undefined && stopped === null) process.kill(pid, 'SIGTERM');
    stopped = pid ?? stopped;
    if (performance.now() > end) {
      throw new NetnsdError(
        'state_dir_locked',
        `the daemon (pid ${pid}) did not stop within ${STOP_DEADLINE_MS / 1000} s: stop it, then run \`netnsd down\` again`,
      );
    }
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
export async function down(options: { stateDir: string; socketPath: string }): Promise<number> {
  const { stoppedPid, endpoints, hubs } = await takeDown(options);
  const daemon = stoppedPid === null ? 'no daemon was running' : `the daemon (pid ${stoppedPid}) has stopped`;
  process.stderr.write(`${daemon}; ${endpoints} endpoints and ${hubs} ${hubs === 1 ? 'hub' : 'hubs'} removed\n`);
  return 0;
}
