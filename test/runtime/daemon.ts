import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import type { Lease, PoolStatus } from '../../src/pool/types.js';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';
import { eventually } from './eye.js';

/** What `netnsd` executes. */
export const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** The native program that users call: it drops capabilities itself, before Node.js starts. */
export const FRONT = fileURLToPath(new URL('../../bin/netnsd', import.meta.url));

/** How much of its log is shown of a daemon that ends unasked. */
const LAST_LINES = 20;

/** A pool of three that stays as it is, in a daemon that looks at it only when it is told to. */
export const SELDOM = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 3
max = 8
sizing = "fixed"
`;

/** A real daemon, started as a user starts it, on a state directory of its own below `folder`. */
export class Daemon implements AsyncDisposable {
  readonly stateDir: string;
  readonly socket: string;
  readonly configFile: string;
  /** What is executed; that it is Node.js makes the daemon drop its capabilities and execute itself anew. */
  program: readonly string[] = [process.execPath, MAIN];
  #process: ReturnType<Daemon['start']> | undefined;
  /** The process whose end was asked for. */
  #asked: ReturnType<Daemon['start']> | undefined;

  /** `socket`: default as users have it, in the state directory, where netnsd-runc finds the shelf too. */
  constructor(
    readonly folder: string,
    readonly test: Test,
    socket?: string,
  ) {
    this.stateDir = join(folder, 'state');
    this.socket = socket ?? join(this.stateDir, 'netnsd.sock');
    this.configFile = join(folder, 'netnsd.toml');
  }

  /** Starts the process, by `wrapper` if there is one, which is to execute it in its place; its log goes to the file `log`. */
  start(wrapper: readonly string[] = []) {
    const options = ['--config', this.configFile, '--state-dir', this.stateDir, '--socket', this.socket];
    const [file, ...args] = PLAIN;
    const child = execa(file, [...args, ...wrapper, ...this.program, 'serve', ...options], {
      reject: false,
      stdin: 'ignore',
      stdout: { file: this.#log, append: true },
      stderr: { file: this.#log, append: true },
    });
    this.#process = child;
    void child.then(({ exitCode, signal }) => {
      if (this.#asked === child) return;
      const last = this.log().split('\n').slice(-LAST_LINES).join('\n');
      this.test.comment(
        `The daemon (pid ${child.pid}) ended by itself: ${signal ?? exitCode}. Its last words:\n${last}`,
      );
    });
    return child;
  }

  get #log(): string {
    return join(this.folder, 'log');
  }

  get pid(): number {
    return this.#process?.pid as number;
  }

  /** All that the daemon logged so far. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Resolves when the daemon has started. */
  async answers(): Promise<void> {
    let ended = false;
    this.#process?.finally(() => {
      ended = true;
    });
    await eventually('the daemon answers', async () => {
      if (ended) throw new Error(`The daemon ended at its start:\n${this.log()}`);
      return await this.get('/v1/pools').then(
        () => true,
        () => false,
      );
    });
  }

  /** Resolves when every pool has its min_ready endpoints ready. */
  async filled(): Promise<void> {
    await eventually('the pools are filled', async () =>
      (await this.pools()).every((pool) => pool.ready >= pool.minReady && pool.building === 0),
    );
  }

  async pools(): Promise<PoolStatus[]> {
    return ((await this.get('/v1/pools')) as { pools: PoolStatus[] }).pools;
  }

  async leases(): Promise<Lease[]> {
    return ((await this.get('/v1/leases')) as { leases: Lease[] }).leases;
  }

  /** The lease of a container; fails if there is none. */
  async leaseOf(containerId: string): Promise<Lease> {
    const lease = (await this.leases()).find((one) => one.containerId === containerId);
    if (lease === undefined) throw new Error(`No lease for the container ${containerId}`);
    return lease;
  }

  /** `GET path`, by HTTP on the socket; the parsed JSON. */
  async get(path: string): Promise<unknown> {
    const { status, body } = await this.send('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** One request by HTTP on the socket; the parsed JSON of its answer, null where that is empty, the text where it is none. */
  async send(method: string, path: string, content?: unknown): Promise<{ status: number; body: unknown }> {
    const headers = content === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath: this.socket, path, method, headers });
    sent.end(content === undefined ? undefined : JSON.stringify(content));
    const [response] = await once(sent, 'response');
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    const isJson = /json/.test(response.headers['content-type'] ?? '');
    return { status: response.statusCode, body: body === '' ? null : isJson ? JSON.parse(body) : body };
  }

  /** `netnsd ARGUMENTS --socket …`; its standard output. Throws with its standard error unless it exits with 0. */
  async cli(...args: string[]): Promise<string> {
    const [file, ...plain] = PLAIN;
    return (await execa(file, [...plain, process.execPath, MAIN, ...args, '--socket', this.socket])).stdout;
  }

  /** `netnsd acquire …`: the lease. */
  async acquire(...args: string[]): Promise<Lease> {
    return JSON.parse(await this.cli('acquire', ...args, '--json')) as Lease;
  }

  /** Sends SIGTERM (or `signal`) and resolves with the exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | undefined> {
    this.#asked = this.#process;
    this.#process?.kill(signal);
    return (await this.#process)?.exitCode;
  }

  /** `netnsd down`, which works with the daemon alive or dead. */
  async down(): Promise<void> {
    this.#asked = this.#process;
    await this.cli('down', '--force', '--state-dir', this.stateDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down().finally(() => this.#process?.kill('SIGKILL'));
    await this.#process;
    if (!this.test.passing()) this.test.comment(`The daemon's log:\n${this.log()}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts a daemon with the configuration `toml` and waits until its pools are filled. `await using` it: at the end of
 * the block it is taken down with all that it made. If the test fails, the daemon's log is shown.
 */
export async function startDaemon(
  test: Test,
  toml: string,
  options: { wrapper?: readonly string[]; program?: readonly string[]; socketElsewhere?: boolean } = {},
): Promise<Daemon> {
  assertSandbox();
  const { wrapper = [], program, socketElsewhere = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  const daemon = new Daemon(folder, test, socketElsewhere ? join(folder, 'socket') : undefined);
  if (program !== undefined) daemon.program = program;
  writeFileSync(daemon.configFile, toml);
  daemon.start(wrapper);
  try {
    await daemon.answers();
    await daemon.filled();
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw new Error(`${String(error)}\nThe daemon's log:\n${daemon.log()}`);
  }
  return daemon;
}
