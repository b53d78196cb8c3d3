import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NetnsdClient } from '../../src/client/index.js';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';
import type { PlannedFault } from './faults/types.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** Where faults are injected; not into the bundle that `MAIN` runs. */
const PROGRAM = fileURLToPath(new URL('./serve-main.js', import.meta.url));
const FAULTS = new URL('./faults/preload.js', import.meta.url).href;
const DEADLINE_MS = 300_000;

/** A pass of a point, as the daemon wrote it down. */
export interface Pass {
  readonly thread: string;
  readonly point: string;
  readonly errnos: readonly string[];
}

/** A real daemon with a small pool, made to be killed and started again on the same state directory. */
export class CrashDaemon {
  readonly stateDir: string;
  readonly netnsDir: string;
  readonly faultsDir: string;
  readonly client: NetnsdClient;
  readonly minReady: number;
  readonly #folder: string;
  readonly #socket: string;
  readonly #config: string;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  /** `place` makes the folder and the subnet another one for each daemon that runs beside this one. */
  constructor(options: { place: number; minReady?: number; max?: number }) {
    assertSandbox();
    const { place, minReady = 2, max = 12 } = options;
    this.minReady = minReady;
    this.#folder = `/run/tmp/crash-${process.pid}-${place}`;
    this.stateDir = `${this.#folder}/state`;
    this.netnsDir = `${this.stateDir}/netns`;
    this.faultsDir = `${this.#folder}/faults`;
    this.#socket = `${this.#folder}/s`;
    this.#config = `${this.#folder}/netnsd.toml`;
    mkdirSync(this.faultsDir, { recursive: true, mode: 0o700 });
    // Of one size: what is at rest is to be known beforehand.
    const keys = [`subnet = "10.${100 + place}.0.0/16"`, `min_ready = ${minReady}`, `max = ${max}`, 'sizing = "fixed"'];
    writeFileSync(this.#config, `[pools.default]\n${keys.join('\n')}\n`);
    this.client = new NetnsdClient({ socketPath: this.#socket, timeoutMs: 120_000 });
    this.plan(null);
  }

  get pid(): number {
    return this.#child?.pid as number;
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What is to be hit from now on, in the running daemon or in one that is about to start; null: nothing. */
  plan(hit: PlannedFault | null): void {
    const path = `${this.faultsDir}/plan.json`;
    writeFileSync(`${path}.new`, JSON.stringify({ paths: [this.#folder], hit }));
    renameSync(`${path}.new`, path);
    // Emptied, not replaced: the daemon holds it open for appending.
    writeFileSync(`${this.faultsDir}/passed`, '');
  }

  /** All passes since `plan`. */
  passes(): Pass[] {
    return this.#lines().flatMap(([thread = '', point = '', errnos = '']) =>
      thread === 'hit' ? [] : [{ thread, point, errnos: errnos.split(' ').filter(Boolean) }],
    );
  }

  /** Whether the planned fault has struck. */
  hasHit(): boolean {
    return this.#lines().some(([thread]) => thread === 'hit');
  }

  #lines(): string[][] {
    const text = readFileSync(`${this.faultsDir}/passed`, 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  }

  /** Starts the process; resolves with true when it answers, with false when it ended before. */
  async start({ faults = true }: { faults?: boolean } = {}): Promise<boolean> {
    if (this.alive) throw new Error('the daemon runs already, and another one would be refused');
    const log = openSync(`${this.#folder}/log`, 'a');
    const args = ['serve', '--config', this.#config, '--state-dir', this.stateDir, '--socket', this.#socket];
    const env = { ...process.env, NOTIFY_SOCKET: '', NETNSD_FAULTS: this.faultsDir };
    const [file, ...plain] = PLAIN;
    const node = [process.execPath, ...(faults ? ['--import', FAULTS, PROGRAM] : [MAIN])];
    const child = spawn(file, [...plain, ...node, ...args], { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#child = child;
    this.#exited = once(child, 'exit');
    for (const end = Date.now() + DEADLINE_MS; this.alive; await delay(10)) {
      if (await this.answers()) return true;
      if (Date.now() > end) throw new Error(`the daemon neither answers nor ends\n${this.log()}`);
    }
    return false;
  }

  async answers(): Promise<boolean> {
    return this.client.pools().then(
      () => true,
      () => false,
    );
  }

  /** Resolves with true when the pool is full and nothing is under way, with false when the daemon has ended. */
  async settled(): Promise<boolean> {
    for (const end = Date.now() + DEADLINE_MS; this.alive; await delay(15)) {
      const pool = await this.client.status().then(
        ({ pools }) => pools[0],
        () => undefined,
      );
      if (pool !== undefined) {
        const { ready, building, dirty, broken, destroying } = pool;
        if (ready === this.minReady && building + dirty + broken + destroying === 0) return true;
      }
      if (Date.now() > end) throw new Error(`not settled: ${JSON.stringify(pool)}\n${this.log()}`);
    }
    await this.#exited;
    return false;
  }

  /** Sends a signal and resolves when the process has ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child?.kill(signal);
    return this.ended();
  }

  /** SIGKILL; whether that was what ended it. */
  async kill(): Promise<boolean> {
    await this.end('SIGKILL');
    return this.#child?.signalCode === 'SIGKILL';
  }

  /** Resolves when the process has ended, with its exit status; null: by a signal. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.#child?.exitCode ?? null;
  }

  /** The last words of all daemons so far. */
  log(): string {
    return readFileSync(`${this.#folder}/log`, 'utf8').split('\n').slice(-40).join('\n');
  }

  /** A line between those of the daemons. */
  note(text: string): void {
    appendFileSync(`${this.#folder}/log`, `--- ${text}\n`);
  }

  /** `netnsd down`: ends the daemon, if it lives, and removes all that it made. */
  async down(): Promise<void> {
    const [file, ...plain] = PLAIN;
    const args = [
      ...plain,
      process.execPath,
      MAIN,
      'down',
      '--force',
      '--state-dir',
      this.stateDir,
      '--socket',
      this.#socket,
    ];
    await promisify(execFile)(file, args);
    await this.#exited;
  }

  /** Kills the process and removes the folder; what was built goes with the sandbox. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.alive) await this.end('SIGKILL');
    this.client.close();
    rmSync(this.faultsDir, { recursive: true, force: true });
  }
}
