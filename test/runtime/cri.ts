import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { decode, type Fields, Grpc, type Message, stringMap, textOf } from '../../src/bench/programs/grpc.js';
import { assertSandbox } from '../guard.js';
import { eventually } from './eye.js';
import { makeImageArchive } from './image.js';
import { askForwarded } from './port-forward.js';
import { killShims, shimsOf } from './shims.js';

const IMAGE = 'docker.io/library/netnsd-pause:test';
const SNAPSHOTTERS = ['aufs', 'btrfs', 'devmapper', 'zfs', 'overlayfs'];

/** What is said of a pod; the numbers of fields are those of the CRI's api.proto, runtime.v1. */
export interface Pod {
  readonly name: string;
  readonly namespace?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** `containerPort` to `hostPort`, TCP. */
  readonly ports?: readonly { readonly containerPort: number; readonly hostPort: number }[];
  readonly hostNetwork?: boolean;
}

function configOf(pod: Pod): Message {
  const { name, namespace = 'default', sysctls = {}, annotations = {}, ports = [], hostNetwork = false } = pod;
  return {
    1: { 1: name, 2: `uid-${name}`, 3: namespace, 4: 0 },
    ...(hostNetwork ? {} : { 2: name }),
    5: ports.map(({ containerPort, hostPort }) => ({ 1: 0, 2: containerPort, 3: hostPort })),
    7: stringMap(annotations),
    8: { 1: `/netnsd-pods/${name}`, 2: { 1: { 1: hostNetwork ? 2 : 0 } }, 3: stringMap(sysctls) },
  };
}

/** A containerd of the test's own with its CRI plugin, driven as the kubelet drives it. */
export class Cri implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cri-'));
  readonly #socket = join(this.folder, 'containerd.sock');
  readonly #test: Test;
  #process: ReturnType<Cri['start']> | undefined;
  #grpc: Grpc | undefined;

  /** `plugins`: paths of CNI plugins, beside which is `loopback`; `classConflist`: for the runtime `netnsd`. */
  constructor(
    test: Test,
    options: { readonly plugins: readonly string[]; readonly conflist: object; readonly classConflist?: object },
  ) {
    assertSandbox();
    this.#test = test;
    mkdirSync(join(this.folder, 'net.d'));
    mkdirSync(join(this.folder, 'class.d'));
    mkdirSync(join(this.folder, 'bin'));
    for (const plugin of [...options.plugins, '/usr/lib/cni/loopback'])
      symlinkSync(plugin, join(this.folder, 'bin', plugin.slice(plugin.lastIndexOf('/') + 1)));
    writeFileSync(join(this.folder, 'net.d/10-test.conflist'), JSON.stringify(options.conflist));
    const { classConflist = options.conflist } = options;
    writeFileSync(join(this.folder, 'class.d/10-test.conflist'), JSON.stringify(classConflist));
    const cri = 'plugins."io.containerd.grpc.v1.cri"';
    writeFileSync(
      join(this.folder, 'config.toml'),
      `version = 2
root = "${this.folder}/root"
state = "${this.folder}/state"
disabled_plugins = [${SNAPSHOTTERS.map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(', ')}]
[grpc]
address = "${this.#socket}"
[ttrpc]
address = "${this.#socket}.ttrpc"
[${cri}]
sandbox_image = "${IMAGE}"
stream_server_port = "0"
restrict_oom_score_adj = true
disable_apparmor = true
[${cri}.containerd]
snapshotter = "native"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.netnsd]
runtime_type = "io.containerd.runc.v2"
cni_conf_dir = "${this.folder}/class.d"
[${cri}.cni]
bin_dir = "${this.folder}/bin"
conf_dir = "${this.folder}/net.d"
`,
    );
  }

  start() {
    const log = { file: join(this.folder, 'log'), append: true };
    const child = execa('containerd', ['--config', join(this.folder, 'config.toml')], {
      reject: false,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    });
    this.#process = child;
    return child;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#grpc?.[Symbol.dispose]();
    this.#grpc = undefined;
    this.#process?.kill(signal);
    await this.#process;
  }

  async call(method: string, message: Message): Promise<Fields> {
    this.#grpc ??= new Grpc(this.#socket);
    return await this.#grpc.call(`/runtime.v1.RuntimeService/${method}`, message);
  }

  /** Resolves when the runtime and its network are ready. */
  async ready(): Promise<void> {
    await eventually('containerd serves pods', async () => {
      if (this.#process?.exitCode != null) throw new Error(`containerd ended at its start:\n${this.log()}`);
      const status = await this.call('Status', {}).catch(() => {
        this.#grpc?.[Symbol.dispose]();
        this.#grpc = undefined;
        return undefined;
      });
      const conditions = status === undefined ? [] : (decode(status.get(1)?.[0] as Buffer).get(1) ?? []);
      return conditions.length >= 2 && conditions.every((one) => decode(one as Buffer).get(2)?.[0] === 1);
    });
  }

  async importImage(): Promise<void> {
    const archive = await makeImageArchive(IMAGE, ['/bin/sleep', '1000000']);
    const args = [
      '--address',
      this.#socket,
      '--namespace',
      'k8s.io',
      'images',
      'import',
      '--snapshotter',
      'native',
      archive,
    ];
    await execa('ctr', args, { stdin: 'ignore' });
  }

  /** RunPodSandbox: the sandbox's id. `handler`: of a RuntimeClass. */
  async runPod(pod: Pod, handler = ''): Promise<string> {
    return textOf(await this.call('RunPodSandbox', { 1: configOf(pod), 2: handler }), 1);
  }

  /** CreateContainer and StartContainer: the container's id. */
  async runContainer(sandbox: string, pod: Pod, name: string): Promise<string> {
    const config = { 1: { 1: name, 2: 0 }, 2: { 1: IMAGE }, 3: ['/bin/sleep', '1000000'] };
    const container = textOf(await this.call('CreateContainer', { 1: sandbox, 2: config, 3: configOf(pod) }), 1);
    await this.call('StartContainer', { 1: container });
    return container;
  }

  /** ExecSync of a shell script: its standard output. */
  async exec(container: string, script: string): Promise<string> {
    const answer = await this.call('ExecSync', { 1: container, 2: ['/bin/sh', '-c', script], 3: 120 });
    if (answer.get(3)?.[0] !== undefined) throw new Error(`${script}: ${textOf(answer, 2)}`);
    return textOf(answer, 1);
  }

  /** PortForward: what the pod answers to `text` at one of its ports. */
  async ask(sandbox: string, port: number, text: string): Promise<string> {
    return await askForwarded(textOf(await this.call('PortForward', { 1: sandbox, 2: [port] }), 1), port, text);
  }

  /** The address of a pod, by PodSandboxStatus. */
  async addressOf(sandbox: string): Promise<string> {
    const answer = await this.call('PodSandboxStatus', { 1: sandbox });
    const network = decode(answer.get(1)?.[0] as Buffer).get(5)?.[0];
    return network === undefined ? '' : textOf(decode(network as Buffer), 1);
  }

  async removePod(sandbox: string): Promise<void> {
    await this.call('StopPodSandbox', { 1: sandbox });
    await this.call('RemovePodSandbox', { 1: sandbox });
  }

  /** The process ids of the shims of a sandbox. */
  shims(sandbox: string): number[] {
    const own = shimsOf(this.#socket).filter(({ command }) => command[command.indexOf('-id') + 1] === sandbox);
    return own.map(({ pid }) => pid);
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    killShims(this.#socket);
    if (!this.#test.passing()) this.#test.comment(`containerd's log:\n${this.log()}`);
  }
}

/** `await using` it. */
export async function startCri(test: Test, options: ConstructorParameters<typeof Cri>[1]): Promise<Cri> {
  const cri = new Cri(test, options);
  try {
    cri.start();
    await cri.ready();
    await cri.importImage();
  } catch (error) {
    await cri[Symbol.asyncDispose]();
    throw error;
  }
  return cri;
}
