import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import type { Site } from '../endpoint/types.js';
import { prepareMountFolder } from '../kernel/netns/mount-folder.js';
import { assertPlaceSafe, lockStateDirectory, openStateDirectory, siteOf, writeSite } from '../state/index.js';

export interface OpenState extends Disposable {
  /** Its absolute path. */
  readonly stateDir: string;
  readonly site: Site;
}

/**
 * Opens and locks the state directory, and makes the folder for the namespaces' mounts. Throws state_dir_unsafe,
 * state_dir_locked and state_write_failed. Disposing gives the lock back.
 */
export function openState(options: { stateDir: string; config: Pick<Config, 'netnsDir'>; log: Logger }): OpenState {
  const { config, log } = options;
  const stateDir = openStateDirectory(options.stateDir, (warning) =>
    log.warn(warning, 'a file in the state directory was not written by netnsd; it was set aside'),
  );
  const lock = lockStateDirectory(stateDir);
  try {
    const site = siteOf(stateDir, config.netnsDir);
    writeSite(stateDir, site);
    assertPlaceSafe(site.netnsDir, 'netns_dir');
    prepareMountFolder(site.netnsDir);
    return { stateDir, site, [Symbol.dispose]: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}
