import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteLinks, waitForCleanup } from '../endpoint/build/destroy.js';
import { listHostLinks } from '../endpoint/build/inventory.js';
import { netnsPrefix } from '../endpoint/plan.js';
import { NetnsdError } from '../errors.js';
import { FileLock, lockHolder } from '../kernel/file-lock.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { removeFormerMounts } from '../kernel/netns/former-mounts.js';
import { NetnsLinks } from '../kernel/netns/netns-links.js';
import { stopVault } from '../kernel/netns/vault-program.js';
import { strayNames } from '../reconcile/startup.js';
import { removeForeignFiles, SHELF, STATE_FILES, STATE_FOLDERS } from '../state/index.js';
import { assertPrivileged } from './privileges.js';
import { readFormerMounts, readSite, siteOf } from './site-file.js';

/** How long a daemon gets to end after SIGTERM, in milliseconds. */
const PATIENCE_MS = 15_000;
const LOCK = 'lock';

export interface DownReport {
  readonly stoppedPid: number | null;
  readonly endpoints: number;
  readonly bridges: number;
}

/**
 * Removes every trace: ends the daemon if it lives, then all links, namespaces, mounts and files that bear this state
 * directory's mark, leased ones too. Again does nothing. Throws `destroy_failed` with all that would not go.
 */
export async function takeDown(options: { stateDir: string; socketPath: string }): Promise<DownReport> {
  assertPrivileged();
  const { stateDir, socketPath } = options;
  removeForeignFiles(stateDir);
  const stoppedPid = await stopDaemon(stateDir);
  closeShelf(stateDir);
  const site = readSite(stateDir) ?? siteOf(stateDir, null);
  const former = readFormerMounts(stateDir);
  using socket = NetlinkSocket.open({ many: true });
  const { links, bridges } = await listHostLinks(socket, site);
  const names = strayNames(site, { links: [...links.values()], bridges: [], namespaces: [] });
  if (site.netnsDir !== null)
    new NetnsLinks({ folder: site.netnsDir, prefix: netnsPrefix(site), stateDir: site.stateDir }).clear();
  if (former !== undefined) removeFormerMounts(former);
  // All that is mounted in it goes with it, and with each namespace that no process is in, its links.
  const failures = await failuresOf(async () => {
    if (existsSync(stateDir)) await stopVault(site.stateDir);
  });
  const left = await waitForCleanup(socket, [...links.keys()]);
  for (const [name, { message }] of deleteLinks(socket, [...left, ...bridges.map((bridge) => bridge.name)]))
    failures.push(`${name}: ${message}`);
  if (failures.length > 0) throw new NetnsdError('destroy_failed', `cannot remove everything: ${failures.join('; ')}`);
  removeFiles(stateDir, socketPath);
  return { stoppedPid, endpoints: names.length, bridges: bridges.length };
}

/** Nothing can be taken any more: a client that is at it finds its mark gone, and gives up. */
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

/** Ends the daemon that holds the lock, and waits until the lock is free; null if there was none. */
async function stopDaemon(stateDir: string): Promise<number | null> {
  const path = join(stateDir, LOCK);
  if (!existsSync(path)) return null;
  let stopped: number | null = null;
  for (const end = performance.now() + PATIENCE_MS; ; await delay(20)) {
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
        `the daemon (pid ${pid}) did not end within ${PATIENCE_MS / 1000} s: stop it, then run \`netnsd down\` again`,
      );
    }
  }
}

/** What netnsd itself puts into a state directory; anything else is left, and keeps the directory. */
function removeFiles(stateDir: string, socketPath: string): void {
  rmSync(socketPath, { force: true });
  for (const folder of STATE_FOLDERS) rmSync(join(stateDir, folder), { recursive: true, force: true });
  for (const file of STATE_FILES.flatMap((name) => [name, `${name}.new`]))
    rmSync(join(stateDir, file), { recursive: true, force: true });
  try {
    if (readdirSync(stateDir).length === 0) rmdirSync(stateDir);
  } catch (error) {
    // Gone already; or, under systemd, a RuntimeDirectory= that is a mount point and is the manager's to remove.
    if (existsSync(stateDir) && (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}
