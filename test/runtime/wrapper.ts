import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, startDaemon } from './daemon.js';
import type { Runtime } from './runtimes.js';

/** Built by setup.sh, as users have it. */
export const NETNSD_RUNC = fileURLToPath(new URL('../../../native-scripts/build/netnsd-runc', import.meta.url));

const CONFIG = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 128\n';

export interface Ended {
  readonly status: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** The same and what came since, from a container that goes on. */
  readonly read: () => string;
}

export interface State {
  readonly status: string;
  readonly pid: number;
  readonly annotations?: Record<string, string>;
}

/** Writes a settings file for netnsd-runc; returns its path. */
export function writeSettings(settings: Readonly<Record<string, string | number>>): string {
  const file = join(mkdtempSync(join(tmpdir(), 'settings-')), 'runc.conf');
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o644 });
  return file;
}

/** netnsd-runc in front of one real runtime, with a root of its own, and the daemon that it asks. */
export class Wrapper implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wrapper-'));
  readonly root = join(this.#folder, 'root');
  readonly #env: NodeJS.ProcessEnv;
  readonly #ids = new Set<string>();

  constructor(
    readonly runtime: Runtime,
    readonly daemon: Daemon,
  ) {
    mkdirSync(this.root);
    // Time enough for a machine that has a hundred other things to do.
    const settings = writeSettings({ runtime: runtime.file, socket: daemon.socket, deadline_ms: 20_000 });
    this.#env = { ...process.env, NETNSD_RUNC_CONFIG: settings };
  }

  /** `netnsd-runc --root … ARGUMENTS` to its end. A container that it leaves behind holds no pipe of this process. */
  async call(...args: string[]): Promise<Ended> {
    return await this.#execute(NETNSD_RUNC, args);
  }

  /** The same, of the real runtime and without netnsd. */
  async plainly(...args: string[]): Promise<Ended> {
    return await this.#execute(this.runtime.file, args);
  }

  /** Makes and starts a container that stays; its lease. */
  async start(id: string, bundle: string): Promise<Lease> {
    for (const args of [
      ['create', '--bundle', bundle, id],
      ['start', id],
    ]) {
      const ended = await this.call(...args);
      if (ended.status !== 0) throw new Error(`${args.join(' ')}: ${ended.status} ${ended.output}`);
    }
    return await this.lease(id);
  }

  /** Runs a shell script in a container; its output. */
  async inside(id: string, script: string): Promise<string> {
    return (await this.call('exec', id, '/bin/sh', '-c', script)).output;
  }

  async state(id: string): Promise<State> {
    const { output } = await this.call('state', id);
    return JSON.parse(output.slice(output.indexOf('{'))) as State;
  }

  /** The lease of a container: the daemon knows it by its id and something for the root. */
  async lease(id: string): Promise<Lease> {
    const found = (await this.daemon.leases()).filter(({ containerId }) => containerId?.startsWith(`${id}@`));
    if (found.length !== 1) throw new Error(`${found.length} leases for the container ${id}`);
    return found[0] as Lease;
  }

  /** The same as `call`, under way: a process to be killed and awaited. */
  begin(...args: string[]) {
    this.#ids.add(args.at(-1) as string);
    return execa(NETNSD_RUNC, ['--root', this.root, ...args], { env: this.#env, reject: false, stdio: 'ignore' });
  }

  async #execute(file: string, args: readonly string[]): Promise<Ended> {
    const output = join(mkdtempSync(join(this.#folder, 'call-')), 'output');
    if (['create', 'run'].includes(args[0] as string)) this.#ids.add(args.at(-1) as string);
    // A file and no pipe, whose end would be the container's and not the runtime's.
    const fd = openSync(output, 'w');
    const child = spawn(file, ['--root', this.root, ...args], { env: this.#env, stdio: ['ignore', fd, fd] });
    closeSync(fd);
    const [status] = (await once(child, 'exit')) as [number | null];
    const read = (): string => readFileSync(output, 'utf8');
    return { status, output: read(), read };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#ids) await this.plainly('delete', '--force', id);
    await this.daemon[Symbol.asyncDispose]();
  }
}

/** Starts a daemon, and netnsd-runc with `runtime` before it; `await using` it. */
export async function startWrapper(
  test: Test,
  runtime: Runtime,
  { toml = CONFIG, socketElsewhere = false }: { toml?: string; socketElsewhere?: boolean } = {},
): Promise<Wrapper> {
  return new Wrapper(runtime, await startDaemon(test, toml, { socketElsewhere }));
}
