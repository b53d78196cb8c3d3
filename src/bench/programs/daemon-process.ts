import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdClient } from '../../client/index.js';
import { NetnsdError } from '../../errors.js';
import { packagePath } from '../../version.js';
import { runProcess } from './run-process.js';

const MAIN = packagePath('dist/src/main.js');
const DEADLINE_MS = 120_000;

export interface DaemonPool {
  readonly name: string;
  readonly subnet: string;
  readonly minReady: number;
  readonly max: number;
  /** Further lines of its table. */
  readonly more?: string;
}

/** A real daemon of its own beside others, with its state under the sandbox's /run. */
export interface DaemonProcess {
  readonly client: NetnsdClient;
  readonly socket: string;
  readonly stateDir: string;
  readonly pid: number;
  /** Resolves when every pool holds its `minReady` and nothing is being built or destroyed. */
  settled(): Promise<void>;
  /** SIGTERM and `netnsd down`: resolves when it has ended and nothing of it is left. */
  stop(): Promise<void>;
}

/** `netnsd serve`; resolves when its pools are filled. Throws `daemon_unreachable` with its last words. */
export async function startDaemon(name: string, pools: readonly DaemonPool[]): Promise<DaemonProcess> {
  const folder = `/run/bench-${name}`;
  mkdirSync(folder, { mode: 0o755 });
  const [config, stateDir] = [`${folder}/netnsd.toml`, `${folder}/state`];
  // Where netnsd-runc looks for the shelf.
  const socket = `${stateDir}/netnsd.sock`;
  const log = `${folder}/log`;
  writeFileSync(config, pools.map(poolToml).join('\n'));
  const args = ['serve', '--config', config, '--state-dir', stateDir, '--socket', socket];
  // A file, not a pipe: reading a line for each lease while the clock runs would take the processors from what is measured.
  const logFd = openSync(log, 'a');
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', logFd, logFd],
    // A daemon of the benchmark is no service of systemd.
    env: { ...process.env, NOTIFY_SOCKET: '' },
  });
  closeSync(logFd);
  const client = new NetnsdClient({ socketPath: socket });
  const settled = () => untilSettled(client, pools, () => failure(child, log));
  while (!existsSync(socket)) {
    failure(child, log);
    await delay(10);
  }
  await settled();
  return {
    client,
    socket,
    stateDir,
    pid: child.pid as number,
    settled,
    async stop() {
      client.close();
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await runProcess(process.execPath, [MAIN, 'down', '--force', '--state-dir', stateDir, '--socket', socket]);
    },
  };
}

/** The table of one pool, as the configuration has it. */
export function poolToml({ name, subnet, minReady, max, more = '' }: DaemonPool): string {
  return `[pools.${name}]\nsubnet = "${subnet}"\nmin_ready = ${minReady}\nmax = ${max}\nsizing = "fixed"\n${more}`;
}

function failure(child: ChildProcess, log: string): void {
  if (child.exitCode === null && child.signalCode === null) return;
  const ending = child.signalCode ?? child.exitCode;
  throw new NetnsdError('daemon_unreachable', `the daemon ended with ${ending}: ${lastWords(log)}`);
}

/** The last line of a daemon's log. */
export function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
}

async function untilSettled(client: NetnsdClient, pools: readonly DaemonPool[], check: () => void): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (const { name, minReady } of pools) {
    for (;;) {
      check();
      const { ready, building, destroying, dirty, lastError } = await client.pool(name);
      if (ready >= minReady && building + destroying + dirty === 0) break;
      if (Date.now() > deadline) {
        throw new NetnsdError('deadline_exceeded', `pool ${name} has ${ready} of ${minReady} ready: ${lastError}`);
      }
      await delay(20);
    }
  }
}

/** A process's resident memory in KiB: VmRSS of proc_pid_status(5). */
export async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}
