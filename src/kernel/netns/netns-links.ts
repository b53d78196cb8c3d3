import { mkdirSync, readdirSync, readlinkSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { VAULT_LINK, VAULT_MOUNTS } from './vault-layout.js';

/**
 * A folder with a symbolic link for each endpoint, for people and `ip netns` (which looks into `/run/netns`). Nothing depends on
 * it: what cannot be done in it is left undone, and entries that are not these links are not touched.
 */
export class NetnsLinks {
  readonly #folder: string;
  readonly #prefix: string;
  /** What the links of this daemon lead to, without the endpoint. */
  readonly #target: string;

  /** Those of a daemon; null where it has no such folder. */
  static of(site: { instanceId: string; netnsDir: string | null; stateDir: string }): NetnsLinks | null {
    const { instanceId, netnsDir: folder, stateDir } = site;
    return folder === null ? null : new NetnsLinks({ folder, prefix: `nd${instanceId}-`, stateDir });
  }

  constructor(options: { folder: string; prefix: string; stateDir: string }) {
    this.#folder = options.folder;
    this.#prefix = options.prefix;
    // Not `join`: `netns` is itself a symbolic link, and `..` is the folder above what it leads to.
    this.#target = `${join(options.stateDir, VAULT_LINK)}/..${VAULT_MOUNTS}`;
  }

  /** Makes the folder if it is not there, and in it the links of just these endpoints. */
  set(ids: Iterable<string>): void {
    const wanted = new Set(ids);
    attempt(() => mkdirSync(this.#folder, { recursive: true, mode: 0o755 }));
    for (const id of this.#present()) if (!wanted.delete(id)) this.remove(id);
    for (const id of wanted) this.add(id);
  }

  add(id: string): void {
    attempt(() => symlinkSync(`${this.#target}/${id}`, this.#path(id)));
  }

  remove(id: string): void {
    attempt(() => {
      if (readlinkSync(this.#path(id)) === `${this.#target}/${id}`) unlinkSync(this.#path(id));
    });
  }

  /** Removes the links, and the folder if nothing else is in it. */
  clear(): void {
    for (const id of this.#present()) this.remove(id);
    attempt(() => rmdirSync(this.#folder));
  }

  #present(): string[] {
    const names = attempt(() => readdirSync(this.#folder)) ?? [];
    return names.filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length));
  }

  #path(id: string): string {
    return join(this.#folder, `${this.#prefix}${id}`);
  }
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
