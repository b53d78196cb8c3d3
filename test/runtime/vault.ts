import { copyFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { execa } from 'execa';

/** The vault of a daemon, as a person sees it who follows the link of the state directory. */
export class SeenVault {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Endpoints that have a mount point. */
  get endpoints(): string[] {
    return readdirSync(`${this.#stateDir}/netns/../ns`).sort();
  }

  /** The names of leases' paths. */
  get links(): string[] {
    return readdirSync(`${this.#stateDir}/netns/`).sort();
  }

  /** Where the namespace of an endpoint is, leased or not. */
  pathOf(id: string): string {
    return `${this.#stateDir}/netns/../ns/${id}`;
  }

  /** The process to which the link leads. */
  get resident(): number {
    return Number(readlinkSync(`${this.#stateDir}/netns`).split('/')[2]);
  }

  /** All processes in the vault: the resident and its successor. */
  get processes(): number[] {
    const pinned = statSync(`${this.#stateDir}/vault/mnt`).ino;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => inodeOf(pid) === pinned);
  }

  /** Runs a command of busybox in the mount namespace of the vault, where there are no programs. */
  async run(...command: string[]): Promise<void> {
    const program = `${this.#stateDir}/netns/../busybox`;
    copyFileSync('/bin/busybox', program);
    try {
      await execa('nsenter', [`--mount=${this.#stateDir}/vault/mnt`, '/busybox', ...command]);
    } finally {
      rmSync(program);
    }
  }

  /** Unmounts the namespace of an endpoint, as an administrator might. */
  async unmount(id: string): Promise<void> {
    await this.run('umount', `/ns/${id}`);
  }
}

function inodeOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/mnt`).ino;
  } catch {
    return undefined;
  }
}
