import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { assertSandbox } from '../guard.js';
import { type CniAnswer, type CniCall, callPlugin, cniProgram } from '../native/cni.js';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const POOL = `
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 4
max = 40
sizing = "fixed"
gone_after_seconds = 1
`;
const SELDOM = `reconcile_seconds = 3600\n${POOL}`;
export const OFTEN = `reconcile_seconds = 1\n${POOL}`;

/** A daemon, and namespaces as a container runtime makes them. */
export class CniScene implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cni-'));
  readonly plugin = cniProgram({ sanitized: false });

  constructor(readonly daemon: Daemon) {}

  /** A namespace mounted at a path of its own, as containerd and CRI-O make one. */
  async makeNetns(name: string): Promise<{ path: string; inode: number }> {
    const path = join(this.folder, name);
    writeFileSync(path, '');
    await execa('unshare', [`--net=${path}`, 'true']);
    return { path, inode: statSync(path).ino };
  }

  /** Unmounts it and removes the file, as containerd does. */
  async removeNetns(path: string): Promise<void> {
    await execa('umount', ['-l', path]);
    rmSync(path);
  }

  call(call: CniCall & { config?: object }): Promise<CniAnswer> {
    return callPlugin(this.plugin, { ...call, config: { socket: this.daemon.socket, ...call.config } });
  }

  /** Resolves when so many unused endpoints lie on the shelf. */
  async laidOut(count: number): Promise<void> {
    const folder = join(this.daemon.stateDir, 'shelf/offers/default/unused');
    await eventually('the shelf is laid out', () => existsSync(folder) && readdirSync(folder).length >= count);
  }

  /** The names of the files of attachments. */
  attachments(): string[] {
    try {
      return readdirSync(join(this.daemon.stateDir, 'attachments'));
    } catch {
      return [];
    }
  }

  attachment(): { delivery: string; target: string } {
    const [name] = this.attachments();
    return JSON.parse(readFileSync(join(this.daemon.stateDir, 'attachments', name ?? ''), 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    for (const name of readdirSync(this.folder))
      for (let layer = 0; layer < 3; layer += 1)
        await execa('umount', ['-l', join(this.folder, name)], { reject: false });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `await using` it. */
export async function startScene(test: Test, toml = SELDOM): Promise<CniScene> {
  assertSandbox();
  return new CniScene(await startDaemon(test, toml));
}
