import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { runProcess } from './run-process.js';

const FOLDER = '/run/bench-containerd';
const SOCKET = `${FOLDER}/containerd.sock`;
const DEADLINE_MS = 30_000;
/** The Kubernetes side, and snapshotters that would have modprobe load modules into the machine's kernel. */
const UNUSED = ['grpc.v1.cri', ...['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `snapshotter.v1.${name}`)];

/** A containerd of its own beside others, with its state under the sandbox's /run. */
export interface ContainerdProcess {
  /** What `ctr` is told first: its socket. */
  readonly address: readonly string[];
  /** `ctr ARGUMENTS`; its standard output. */
  ctr(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts containerd; `env` is what shims and their runtimes find in their environment. Throws `internal` with its last words. */
export async function startContainerd(env: Readonly<Record<string, string>>): Promise<ContainerdProcess> {
  mkdirSync(FOLDER, { recursive: true, mode: 0o711 });
  const disabled = UNUSED.map((name) => `"io.containerd.${name}"`).join(', ');
  const lines = [
    'version = 2',
    `root = "${FOLDER}/root"`,
    `state = "${FOLDER}/state"`,
    `disabled_plugins = [${disabled}]`,
    `[grpc]\naddress = "${SOCKET}"`,
    `[ttrpc]\naddress = "${SOCKET}.ttrpc"\n`,
  ];
  writeFileSync(`${FOLDER}/config.toml`, lines.join('\n'));
  const child = spawn('containerd', ['--config', `${FOLDER}/config.toml`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  const ctr = (...args: string[]) => runProcess('ctr', ['--address', SOCKET, ...args]);
  const deadline = Date.now() + DEADLINE_MS;
  while (
    !(await ctr('version').then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new NetnsdError('internal', `containerd does not answer: ${words.trim().split('\n').at(-1) ?? ''}`);
    }
    await delay(50);
  }
  return {
    address: ['--address', SOCKET],
    ctr,
    async stop() {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
