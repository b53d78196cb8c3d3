import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetnsdClient } from '../../client/index.js';
import { packagePath } from '../../version.js';
import { runProcess } from '../programs/run-process.js';

const MAIN = packagePath('dist/src/main.js');
const NETNSD = packagePath('dist/bin/netnsd');
const DEADLINE_MS = 180_000;

/** A daemon of the demo's own: `netnsd serve` in another process, and a client on its socket. */
export class DemoDaemon {
  readonly stateDir: string;
  readonly client: NetnsdClient;
  readonly #log: string;
  readonly #config: string;
  readonly #options: readonly string[];
  #process: ChildProcess;

  /** Starts `netnsd serve` with the configuration `toml`; everything of it is below `folder`. */
  constructor(folder: string, toml: string) {
    this.#config = join(folder, 'netnsd.toml');
    this.stateDir = join(folder, 'state');
    // Where `netnsd acquire` finds the shelf as well.
    const socketPath = join(this.stateDir, 'netnsd.sock');
    this.#log = join(folder, 'log');
    this.#options = ['--state-dir', this.stateDir, '--socket', socketPath];
    writeFileSync(this.#config, toml);
    this.#process = this.#serve();
    this.client = new NetnsdClient({ socketPath });
  }

  #serve(): ChildProcess {
    const log = openSync(this.#log, 'a');
    const args = [MAIN, 'serve', '--config', this.#config, ...this.#options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    return child;
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** The next daemon, after `kill`. */
  restart(): void {
    this.#process = this.#serve();
  }

  /** All that the daemon logged. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Resolves when the API answers. */
  async answers(): Promise<void> {
    await this.#until(async () => {
      if (this.#process.exitCode !== null) throw new Error('netnsd serve ended at its start');
      return await this.client.pools().then(
        () => true,
        () => false,
      );
    });
  }

  /** Resolves when each pool has all that it wants ready, and nothing is being built or removed. */
  async settled(): Promise<void> {
    await this.#until(async () => {
      const { pools } = await this.client.status();
      return pools.every((pool) => pool.ready >= pool.minReady && pool.building + pool.dirty + pool.destroying === 0);
    });
  }

  /** A client command of `netnsd`, as a user would type it; what it printed. */
  async netnsd(...args: string[]): Promise<string> {
    return (await runProcess(NETNSD, [...args, ...this.#options.slice(2)])).trim();
  }

  /** `netnsd down`: ends the daemon and removes all that it made. */
  async down(): Promise<void> {
    this.client.close();
    await runProcess(process.execPath, [MAIN, 'down', '--force', ...this.#options]);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }

  async #until(look: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + DEADLINE_MS;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`the daemon was not ready within ${DEADLINE_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
