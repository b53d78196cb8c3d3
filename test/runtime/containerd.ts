import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { assertSandbox } from '../guard.js';
import { eventually } from './eye.js';
import { makeImageArchive } from './image.js';
import { shimsOf } from './shims.js';

export const IMAGE = 'docker.io/library/netnsd-busybox:test';
// The Kubernetes side, and snapshotters that would have modprobe load modules into the machine's kernel.
const UNUSED = ['grpc.v1.cri', ...['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `snapshotter.v1.${name}`)];

/** A containerd of the test's own: root, state and socket in a temporary folder, and one image in it. */
export class Containerd implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'containerd-'));
  readonly #socket = join(this.#folder, 'containerd.sock');
  #image: string | undefined;
  readonly #process: ReturnType<Containerd['start']>;

  /** `env`: what its shims and their runtime find in their environment beside its own. */
  constructor(
    readonly test: Test,
    readonly env: Readonly<Record<string, string>> = {},
  ) {
    assertSandbox();
    this.#process = this.start();
  }

  start() {
    const config = join(this.#folder, 'config.toml');
    writeFileSync(
      config,
      `version = 2
root = "${this.#folder}/root"
state = "${this.#folder}/state"
disabled_plugins = [${UNUSED.map((name) => `"io.containerd.${name}"`).join(', ')}]
[grpc]
address = "${this.#socket}"
[ttrpc]
address = "${this.#socket}.ttrpc"
`,
    );
    const log = { file: join(this.#folder, 'log'), append: true };
    return execa('containerd', ['--config', config], {
      env: this.env,
      reject: false,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    });
  }

  /** Runs `ctr ARGUMENTS`; its standard output. */
  async ctr(...args: string[]): Promise<string> {
    return (await execa('ctr', ['--address', this.#socket, ...args], { stdin: 'ignore' })).stdout;
  }

  /** `ctr run --rm` of a shell script in the image, in the network namespace at `netnsPath`; its standard output. */
  async run(id: string, netnsPath: string, script: string): Promise<string> {
    const options = ['--rm', '--snapshotter', 'native', '--with-ns', `network:${netnsPath}`];
    return await this.ctr('run', ...options, IMAGE, id, '/bin/sh', '-c', script);
  }

  async ready(): Promise<void> {
    await eventually('containerd answers', async () => {
      if (this.#process.exitCode !== null) throw new Error('containerd ended at its start');
      return await this.ctr('version').then(
        () => true,
        () => false,
      );
    });
    await this.ctr('images', 'import', '--snapshotter', 'native', await this.image());
  }

  /** The path of an archive with the test's image. */
  async image(): Promise<string> {
    this.#image ??= await makeImageArchive(IMAGE);
    return this.#image;
  }

  /** What `RUNTIME state` says of a container of the namespace `default`, in the root that its shim gave to the runtime. */
  async runcState(id: string, runtime: string): Promise<{ pid: number; annotations?: Record<string, string> }> {
    const root = '/run/containerd/runc/default';
    return JSON.parse((await execa(runtime, ['--root', root, 'state', id], { env: this.env })).stdout);
  }

  /** The process ids of its shims, or of those of one container. */
  shims(id?: string): number[] {
    const isOf = (command: readonly string[]) => id === undefined || command[command.indexOf('-id') + 1] === id;
    return shimsOf(this.#socket)
      .filter(({ command }) => isOf(command))
      .map(({ pid }) => pid);
  }

  /** Ends the shims too, which outlive containerd by design; they are known by the socket they report to. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process;
    for (const pid of this.shims()) process.kill(pid, 'SIGKILL');
    if (!this.test.passing()) {
      this.test.comment(`containerd's log:\n${readFileSync(join(this.#folder, 'log'), 'utf8')}`);
    }
  }
}

/** Starts a containerd with the test's image in it; `await using` it. Shows its log if the test fails. */
export async function startContainerd(test: Test, env: Readonly<Record<string, string>> = {}): Promise<Containerd> {
  const containerd = new Containerd(test, env);
  try {
    await containerd.ready();
  } catch (error) {
    await containerd[Symbol.asyncDispose]();
    throw error;
  }
  return containerd;
}
