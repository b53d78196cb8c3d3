import { chmodSync, lstatSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../../config/index.js';
import { shortHash } from '../../endpoint/identity.js';
import { refuseOverlap } from '../../endpoint/network/overlap.js';
import type { Site } from '../../endpoint/types.js';
import { NetnsdError } from '../../errors.js';
import type { FileLock } from '../../kernel/file-lock.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { FormerMounts } from '../../kernel/netns/former-mounts.js';
import { NetnsLinks } from '../../kernel/netns/netns-links.js';
import { VAULT_LINK } from '../../kernel/netns/vault-layout.js';
import { startVault } from '../../kernel/netns/vault-program.js';
import { groupId } from '../../kernel/process/group.js';
import type { EndpointRecord } from '../../pool/index.js';
import { refuseTaken } from '../../reconcile/index.js';
import {
  assertPlaceSafe,
  isStateDirectoryWhole,
  lockPath,
  lockStateDirectory,
  openStateDirectory,
  peekLeases,
  readFormerMounts,
  readSite,
  writeSite,
} from '../../state/index.js';
import { claimIdentity, claimSite, refuseRival } from '../claim.js';
import { Held } from '../held.js';
import { checkPortPlans } from '../host/published-ports.js';
import { refuseSysctls } from './refuse-sysctls.js';

export interface OpenState extends Disposable {
  /** Its absolute path. */
  readonly stateDir: string;
  readonly site: Site;
  /** What version 0.1 left mounted, to be taken over by the kernel thread. */
  readonly formerMounts: FormerMounts | undefined;
  /** To be called when it has done so. */
  tookOver(): Promise<void>;
  /** Whether its lock file, its folders and the link to the vault are there. */
  isWhole(): boolean;
  /** Makes again what is missing of them; rejects as `openState` does. */
  mend(): Promise<void>;
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
 * directory and starts the vault. Throws state_dir_unsafe, state_dir_locked, state_write_failed, subnet_overlap,
 * daemon_running, config_invalid, bad_usage, missing_tool and kernel_error. Disposing gives the locks back; the vault stays.
 */
export async function openState(options: OpenStateOptions): Promise<OpenState> {
  using held = new Held();
  const claimed = claimIdentity(options.stateDir, options.log);
  if ('rival' in claimed) refuseRival(options.stateDir, claimed.rival);
  held.add(claimed.claim);
  const site = await checkStart(options, held);
  const formerMounts = readFormerMounts(options.stateDir);
  const place = new Place(options);
  held.add(place);
  place.open();
  if (formerMounts === undefined) adoptSite(site);
  await startVault(site.stateDir);
  const tookOver = async (): Promise<void> => {
    if (formerMounts === undefined) return;
    adoptSite(site);
    // The folder of version 0.1 was in the place of the link.
    await startVault(site.stateDir);
  };
  const mend = async (): Promise<void> => {
    place.open();
    writeSite(site.stateDir, site);
    await startVault(site.stateDir);
  };
  const kept = held.move();
  return {
    stateDir: place.path,
    site,
    formerMounts,
    tookOver,
    isWhole: () => place.isWhole(),
    mend,
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}

/** The state directory, opened and locked; again after it was removed. */
class Place implements Disposable {
  path = '';
  readonly #options: OpenStateOptions;
  #lock: FileLock | undefined;

  constructor(options: OpenStateOptions) {
    this.#options = options;
  }

  open(): void {
    const { stateDir, log } = this.#options;
    this.path = openStateDirectory(stateDir, (warning) =>
      log.warn(warning, 'a file in the state directory was not written by netnsd; it was set aside'),
    );
    this.#letGroupPass();
    if (this.#lock?.isAt(lockPath(this.path)) === true) return;
    const lock = lockStateDirectory(this.path);
    this.#lock?.release();
    this.#lock = lock;
  }

  /** The members of `socket_group` have to pass through to the socket; what else is in it, they may not list or open. */
  #letGroupPass(): void {
    const { config, socketPath } = this.#options;
    if (config.socketGroup !== null && dirname(resolve(socketPath)) === this.path) chmodSync(this.path, 0o711);
  }

  isWhole(): boolean {
    if (this.#lock?.isAt(lockPath(this.path)) !== true || !isStateDirectoryWhole(this.path)) return false;
    return lstatSync(join(this.path, VAULT_LINK), { throwIfNoEntry: false })?.isSymbolicLink() === true;
  }

  [Symbol.dispose](): void {
    this.#lock?.release();
  }
}

/** Writes the site; links of the daemon before in another `netns_dir` are removed. */
function adoptSite(site: Site): void {
  const before = readSite(site.stateDir);
  if (before !== undefined && before.netnsDir !== site.netnsDir) NetnsLinks.of(before)?.clear();
  writeSite(site.stateDir, site);
}

/**
 * Writes nothing. Rejects with what would keep a daemon with this configuration from starting beside these endpoints: config_invalid,
 * subnet_overlap.
 */
export async function checkConfig(options: {
  config: Config;
  state: Pick<OpenState, 'site'>;
  records: readonly EndpointRecord[];
}): Promise<void> {
  const { config, state, records } = options;
  refuseOneBridge(config.pools);
  refuseTaken(
    records.filter(({ lease }) => lease !== null),
    config.pools,
  );
  using socket = NetlinkSocket.open({ many: true });
  await refuseOverlap({ socket, site: state.site, pools: config.pools });
  await refuseSysctls(config.pools);
  checkPortPlans(state.site.stateDir, config.pools);
}

/** Writes nothing. The site of the daemon; what holds its instance id is added to `held`. */
async function checkStart(options: OpenStateOptions, held: Held): Promise<Site> {
  const { config, stateDir, socketPath } = options;
  refuseOneBridge(config.pools);
  groupId(config.socketGroup);
  assertPlaceSafe(socketPath, '--socket');
  if (config.netnsDir !== null) assertPlaceSafe(config.netnsDir, 'netns_dir');
  await options.assertSocketFree(socketPath, { ownFolder: stateDir });
  using socket = NetlinkSocket.open({ many: true });
  const { site, links, claim } = await claimSite({ stateDir, netnsDir: config.netnsDir, socket });
  held.add(claim);
  const present = new Set(links.map(({ name }) => name));
  const active = peekLeases(stateDir).filter(({ facts }) => present.has(facts?.interface.hostName ?? ''));
  refuseTaken(active, config.pools);
  await refuseOverlap({ socket, site, pools: config.pools });
  await refuseSysctls(config.pools);
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
