import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import type { Site } from '../endpoint/types.js';
import type { FormerMounts } from '../kernel/netns/former-mounts.js';
import { NetnsLinks } from '../kernel/netns/netns-links.js';
import { startVault } from '../kernel/netns/vault-program.js';
import {
  assertPlaceSafe,
  lockStateDirectory,
  openStateDirectory,
  readFormerMounts,
  readSite,
  siteOf,
  writeSite,
} from '../state/index.js';

export interface OpenState extends Disposable {
  /** Its absolute path. */
  readonly stateDir: string;
  readonly site: Site;
  /** What version 0.1 left mounted, to be taken over by the kernel thread. */
  readonly formerMounts: FormerMounts | undefined;
  /** To be called when it has done so. */
  tookOver(): Promise<void>;
}

/**
 * Opens and locks the state directory, and starts the vault. Throws state_dir_unsafe, state_dir_locked, state_write_failed,
 * missing_tool and kernel_error. Disposing gives the lock back; the vault stays.
 */
export async function openState(options: {
  stateDir: string;
  config: Pick<Config, 'netnsDir'>;
  log: Logger;
}): Promise<OpenState> {
  const { config, log } = options;
  const stateDir = openStateDirectory(options.stateDir, (warning) =>
    log.warn(warning, 'a file in the state directory was not written by netnsd; it was set aside'),
  );
  const lock = lockStateDirectory(stateDir);
  try {
    const site = siteOf(stateDir, config.netnsDir);
    if (site.netnsDir !== null) assertPlaceSafe(site.netnsDir, 'netns_dir');
    const formerMounts = readFormerMounts(stateDir);
    if (formerMounts === undefined) adoptSite(site);
    await startVault(site.stateDir);
    const tookOver = async (): Promise<void> => {
      if (formerMounts === undefined) return;
      adoptSite(site);
      // The folder of version 0.1 was in the place of the link.
      await startVault(site.stateDir);
    };
    return { stateDir, site, formerMounts, tookOver, [Symbol.dispose]: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Writes the site; links of the daemon before in another `netns_dir` are removed. */
function adoptSite(site: Site): void {
  const before = readSite(site.stateDir);
  if (before !== undefined && before.netnsDir !== site.netnsDir) NetnsLinks.of(before)?.clear();
  writeSite(site.stateDir, site);
}
