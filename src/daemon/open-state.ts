import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { Host } from '../endpoint/host.js';
import { shortHash } from '../endpoint/identity.js';
import { refuseOverlap } from '../endpoint/network/overlap.js';
import type { Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import type { FileLock } from '../kernel/file-lock.js';
import { prepareMountFolder } from '../kernel/netns/mount-folder.js';
import { groupId } from '../kernel/process/group.js';
import { refuseTaken } from '../reconcile/index.js';
import {
  assertPlaceSafe,
  isStateDirectoryWhole,
  lockPath,
  lockStateDirectory,
  openStateDirectory,
  peekLeases,
  writeSite,
} from '../state/index.js';
import { claimIdentity, claimSite, refuseRival } from './claim.js';
import { Held } from './held.js';

export interface OpenState extends Disposable {
  /** Its absolute path. */
  readonly stateDir: string;
  readonly site: Site;
  /** Whether its lock file and folders are there. */
  isWhole(): boolean;
  /** Makes again what is missing of them; throws as `openState` does. */
  mend(): void;
}

interface OpenStateOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  readonly config: Config;
  /** Throws what would keep the daemon from listening. */
  readonly assertSocketFree: (path: string, options: { ownFolder: string }) => Promise<unknown>;
  readonly log: Logger;
}

/**
 * Claims the identity of the state directory, checks all that may refuse the start, and only then opens and locks the
 * directory and makes the folder for the namespaces' mounts. Throws state_dir_unsafe, state_dir_locked, state_write_failed,
 * subnet_overlap, daemon_running, config_invalid and bad_usage. Disposing gives the locks back.
 */
export async function openState(options: OpenStateOptions): Promise<OpenState> {
  const { config, log } = options;
  using held = new Held();
  const claimed = claimIdentity(options.stateDir, log);
  if ('rival' in claimed) refuseRival(options.stateDir, claimed.rival);
  held.add(claimed.claim);
  const site = await checkStart(options, held);
  let stateDir = '';
  let lock: FileLock | undefined;
  const make = (): void => {
    stateDir = openStateDirectory(options.stateDir, (warning) =>
      log.warn(warning, 'a file in the state directory was not written by netnsd; it was set aside'),
    );
    if (lock?.isAt(lockPath(stateDir)) !== true) {
      const next = lockStateDirectory(stateDir);
      lock?.release();
      lock = next;
    }
    writeSite(stateDir, site);
    prepareMountFolder(config.netnsDir);
  };
  held.add({ [Symbol.dispose]: () => lock?.release() });
  make();
  const kept = held.move();
  return {
    stateDir,
    site,
    isWhole: () => lock?.isAt(lockPath(stateDir)) === true && isStateDirectoryWhole(stateDir),
    mend: make,
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}

/** Writes nothing. The site of the daemon; what holds its instance id is added to `held`. */
async function checkStart(options: OpenStateOptions, held: Held): Promise<Site> {
  const { config, stateDir, socketPath } = options;
  refuseOneBridge(config.pools);
  groupId(config.socketGroup);
  assertPlaceSafe(socketPath, '--socket');
  assertPlaceSafe(config.netnsDir, 'netns_dir');
  await options.assertSocketFree(socketPath, { ownFolder: stateDir });
  using host = Host.open();
  const { site, links, claim } = await claimSite({ stateDir, netnsDir: config.netnsDir, socket: host.socket });
  held.add(claim);
  const present = new Set(links.map(({ name }) => name));
  const standing = peekLeases(stateDir).filter(({ facts }) => present.has(facts?.interface.hostName ?? ''));
  refuseTaken(standing, config.pools);
  await refuseOverlap({ host, site, pools: config.pools });
  return site;
}

/** Four characters of a bridge's name stand for the pool. Throws `config_invalid` where two pools have the same. */
function refuseOneBridge(pools: readonly { name: string }[]): void {
  const names = new Map<string, string>();
  for (const { name } of pools) {
    const other = names.get(shortHash(name));
    if (other !== undefined)
      throw new NetnsdError(
        'config_invalid',
        `the bridges of the pools ${other} and ${name} would have one name: rename one of the pools`,
      );
    names.set(shortHash(name), name);
  }
}
