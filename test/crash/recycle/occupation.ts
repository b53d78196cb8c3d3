import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { execaSync } from 'execa';
import { startHolder } from '../../kernel/hostile/stage.js';
import { eventually } from '../../runtime/eye.js';

const MOUNTED_ELSEWHERE = '/run/hostile/netns';

/** Processes that are inside of one namespace, and others outside that hold on to it or to something in it. */
export class Occupation {
  readonly #inside: ChildProcess[] = [];
  readonly #holds = new Map<string, () => Promise<void>>();
  readonly #hasHeld = new Set<string>();

  get pids(): number[] {
    return this.#inside.map(({ pid }) => pid as number);
  }

  get isHeld(): boolean {
    return this.#holds.size > 0;
  }

  /** Whether it has ever been held in this way. */
  hasHeld(kind: string): boolean {
    return this.#hasHeld.has(kind);
  }

  /** A process that does nothing but be there. */
  async enter({ path, inode }: { path: string; inode: number }): Promise<void> {
    const child = spawn('nsenter', [`--net=${path}`, 'sleep', '600'], { stdio: 'ignore' });
    this.#inside.push(child);
    await eventually('it is inside', () => readlinkSync(`/proc/${child.pid}/ns/net`) === `net:[${inode}]`);
  }

  /** All processes inside end. */
  async leave(): Promise<void> {
    for (const child of this.#inside.splice(0)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** See holder.ts. */
  async hold(kind: string, path: string): Promise<void> {
    this.#hasHeld.add(kind);
    this.#holds.set(kind, await startHolder(kind, { path }));
  }

  /** The holders outside end. */
  async endHolders(): Promise<void> {
    for (const [kind, endHolder] of this.#holds) {
      this.#holds.delete(kind);
      await endHolder();
      if (kind === 'mount elsewhere') execaSync('umount', [MOUNTED_ELSEWHERE]);
    }
  }

  async end(): Promise<void> {
    await this.leave();
    await this.endHolders();
  }
}
