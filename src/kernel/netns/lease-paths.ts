import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isNotFound } from '../errno.js';
import { VAULT_LINK, VAULT_MOUNTS } from './vault-layout.js';

/** `ENDPOINT.TOKEN` */
const OWN_NAME = /^(.+)\.[0-9a-f]{16}$/;

/** The vault of a state directory, as any thread of this process sees it. */
export interface VaultPlace {
  readonly stateDir: string;
  /** Path of its root; see `Vault.root`. */
  readonly root: string;
}

/**
 * Gives the namespace of an endpoint a path by which runtimes find it, `STATE_DIR/netns/ENDPOINT.TOKEN`. No path is given
 * twice, whatever was restarted meanwhile: what remembers one finds its own lease or nothing. Throws the errors of node:fs.
 */
export function publishPath(vault: VaultPlace, id: string): string {
  return linkPath(vault, { id, name: `${id}.${randomBytes(8).toString('hex')}` });
}

/** The same with a name that is given. */
export function linkPath({ root, stateDir }: VaultPlace, { id, name }: { id: string; name: string }): string {
  symlinkSync(`..${VAULT_MOUNTS}/${id}`, `${root}/netns/${name}`);
  return join(stateDir, VAULT_LINK, name);
}

/** Whether a path is of version 0.1, which gave the same one to each lease of an endpoint: `FOLDER/ndINSTANCE-ENDPOINT`. */
export function isFormerPath(path: string): boolean {
  return /\/nd[a-z2-7]{4}-[^/]+$/.test(path);
}

/** A path leads nowhere any more; absence is success. */
export function retractPath({ root }: VaultPlace, path: string): void {
  try {
    unlinkSync(`${root}/netns/${basename(path)}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/**
 * The paths of all endpoints: one each, from when it is ready until its lease has ended. Those that lead to no mount point, as a
 * process may leave them that dies while it destroys an endpoint, are removed.
 */
export class LeasePaths {
  readonly #vault: VaultPlace;
  readonly #paths = new Map<string, string>();

  constructor(vault: VaultPlace) {
    this.#vault = vault;
    const mounted = new Set(readdirSync(`${vault.root}${VAULT_MOUNTS}`));
    for (const name of readdirSync(`${vault.root}/netns`)) {
      const id = this.#endpointOf(name);
      if (id === undefined) continue;
      if (mounted.has(id)) this.#paths.set(id, name);
      else retractPath(vault, name);
    }
  }

  /** A path of its own, after the one before is retracted. */
  renew(id: string): string {
    this.retract(id);
    const path = publishPath(this.#vault, id);
    this.#paths.set(id, path);
    return path;
  }

  /** The path that an endpoint has. */
  find(id: string): string | undefined {
    const path = this.#paths.get(id);
    return path === undefined ? undefined : join(this.#vault.stateDir, VAULT_LINK, basename(path));
  }

  /** The inode at the mount point of an endpoint, which is its namespace's unless others unmounted it; undefined: there is none. */
  inodeOf(id: string): number | undefined {
    return statSync(`${this.#vault.root}${VAULT_MOUNTS}/${id}`, { throwIfNoEntry: false })?.ino;
  }

  retract(id: string): void {
    const path = this.#paths.get(id);
    if (path === undefined) return;
    retractPath(this.#vault, path);
    this.#paths.delete(id);
  }

  /** Undefined: it is no such link, and left alone. Only a link of version 0.1 does not have the endpoint in its name. */
  #endpointOf(name: string): string | undefined {
    const [, id] = OWN_NAME.exec(name) ?? [];
    if (id !== undefined) return id;
    try {
      return basename(readlinkSync(`${this.#vault.root}/netns/${name}`));
    } catch {
      return undefined;
    }
  }
}
