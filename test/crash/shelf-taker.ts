import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Taken {
  readonly id: string;
  readonly path: string;
}

/** Takes from a daemon's shelf and gives back as netnsd-runc does, whether or not the daemon lives. */
export class ShelfTaker {
  readonly #shelf: string;

  constructor(stateDir: string) {
    this.#shelf = join(stateDir, 'shelf');
  }

  /** How many endpoints lie there. */
  get offers(): number {
    return this.#names().length;
  }

  /** The lease that this container has now; undefined where it has to ask. */
  take(key: string): Taken | undefined {
    const id = randomBytes(8).toString('hex');
    const holder = join(this.#shelf, 'holders', key);
    try {
      writeFileSync(holder, `{"lease":"${id}","pid":${process.pid},"tenant":"default"}\n{}`, {
        flag: 'wx',
        mode: 0o600,
      });
    } catch {
      return undefined;
    }
    for (const name of this.#names()) {
      const path = this.#rename(name, 'taken', key);
      if (path !== undefined) return { id, path };
    }
    rmSync(holder, { force: true });
    return undefined;
  }

  /** False where another process has ended the lease. */
  giveBack(key: string): boolean {
    return [join('taken', key), join('standing', key)].some(
      (from) => this.#rename(from, 'returned', key) !== undefined,
    );
  }

  /** Paths in the shelf: those that its tenant has used, then unused ones. */
  #names(): string[] {
    return [join('used', 'default'), 'unused'].flatMap((kind) => {
      const folder = join('offers', 'default', kind);
      try {
        return readdirSync(join(this.#shelf, folder)).map((name) => join(folder, name));
      } catch {
        return [];
      }
    });
  }

  /** The path of the namespace whose entry it is; undefined where another was quicker. */
  #rename(from: string, place: string, key: string): string | undefined {
    try {
      const text = readlinkSync(join(this.#shelf, from));
      renameSync(join(this.#shelf, from), join(this.#shelf, place, key));
      return JSON.parse(text).netns.path;
    } catch {
      return undefined;
    }
  }
}
