import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { type DaemonPool, lastWords, poolToml } from './daemon-process.js';
import { runProcess } from './run-process.js';

const POLL_MS = 2;
const DEADLINE_MS = 120_000;

/** A daemon that was executed just now, for suites that measure its start. */
export interface Launched {
  readonly pid: number;
  readonly socket: string;
  readonly stateDir: string;
  /** `performance.now()` right before the exec. */
  readonly startedMs: number;
  /** Resolves with the milliseconds from the exec until `GET path` answers with a body that `accepts`. */
  until(path: string, accepts: (body: string) => boolean): Promise<number>;
  /** SIGKILL; resolves when it has ended. Another one may be launched in its place. */
  kill(): Promise<void>;
  /** `netnsd down --force` while it runs. */
  down(): Promise<void>;
  /** SIGTERM, then `netnsd down`. */
  stop(): Promise<void>;
}

/** Executes `serve` of the netnsd in `home` (a built checkout) on a state directory of its own; does not wait for anything. */
export function launch(options: { home: string; name: string; pool: DaemonPool }): Launched {
  const { home, name, pool } = options;
  const [program, ...words] = programOf(home);
  const folder = `/run/bench-${name}`;
  const stateDir = `${folder}/state`;
  const socket = `${stateDir}/netnsd.sock`;
  const log = `${folder}/log`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(`${folder}/netnsd.toml`, poolToml(pool));
  const logFd = openSync(log, 'a');
  const place = ['--state-dir', stateDir, '--socket', socket];
  const startedMs = performance.now();
  const child = spawn(program, [...words, 'serve', '--config', `${folder}/netnsd.toml`, ...place], {
    stdio: ['ignore', logFd, logFd],
    // The same Node.js for all.
    env: { ...process.env, NOTIFY_SOCKET: '', NETNSD_NODE: process.execPath },
  });
  closeSync(logFd);
  return {
    pid: child.pid as number,
    socket,
    stateDir,
    startedMs,
    until: async (path, accepts) => {
      await poll({ socket, path, accepts, check: () => assertAlive(child, log) });
      return performance.now() - startedMs;
    },
    kill: () => end(child, 'SIGKILL'),
    async down() {
      await runProcess(program, [...words, 'down', '--force', ...place]);
    },
    async stop() {
      await end(child, 'SIGTERM');
      await runProcess(program, [...words, 'down', ...place]);
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** What its users call: the native program, or, in a checkout that has none, its JavaScript. */
function programOf(home: string): [file: string, ...args: string[]] {
  const native = `${home}/dist/bin/netnsd`;
  return existsSync(native) ? [native] : [process.execPath, `${home}/dist/src/main.js`];
}

function assertAlive(child: ChildProcess, log: string): void {
  if (child.exitCode === null && child.signalCode === null) return;
  throw new NetnsdError(
    'daemon_unreachable',
    `the daemon ended with ${child.signalCode ?? child.exitCode}: ${lastWords(log)}`,
  );
}

/** Asks every two milliseconds until the answer is as wanted; a socket that is not there yet is asked again. */
async function poll(options: {
  socket: string;
  path: string;
  accepts: (body: string) => boolean;
  check: () => void;
}): Promise<void> {
  const { socket, path, accepts, check } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const endMs = performance.now() + DEADLINE_MS; performance.now() < endMs; await delay(POLL_MS)) {
      check();
      const body = await get({ socketPath: socket, path, agent }).catch(() => undefined);
      if (body !== undefined && accepts(body)) return;
    }
  } finally {
    agent.destroy();
  }
  throw new NetnsdError('deadline_exceeded', `GET ${path} did not answer as wanted within ${DEADLINE_MS / 1000} s`);
}

function get(options: { socketPath: string; path: string; agent: Agent }): Promise<string> {
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
    })
      .on('error', reject)
      .end();
  });
}
