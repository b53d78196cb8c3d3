import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { decode, type Fields, Grpc, type Message, textOf } from './grpc.js';
import { makeImage } from './image.js';
import { runProcess } from './run-process.js';
import { RuncBundles } from './runc-bundles.js';

const FOLDER = '/run/bench-cri';
const SOCKET = `${FOLDER}/containerd.sock`;
const IMAGE = 'docker.io/library/netnsd-bench:pause';
const DEADLINE_MS = 30_000;
const UNUSED = ['aufs', 'btrfs', 'devmapper', 'zfs', 'overlayfs'];
const CRI = 'plugins."io.containerd.grpc.v1.cri"';

/** One runtime of containerd (a RuntimeClass), whose pods get their network from one plugin. */
export interface PodNetwork {
  /** `[a-z]+` */
  readonly handler: string;
  /** Paths of CNI plugins. */
  readonly plugins: readonly string[];
  readonly conflist: object;
}

/** A containerd of its own that serves pods over the CRI; the numbers of fields are those of api.proto, runtime.v1. */
export class CriProcess {
  readonly #child: ChildProcess;
  #grpc: Grpc | undefined;

  /** Throws `internal` with its last words. */
  static async start(networks: readonly PodNetwork[], rootfs: string): Promise<CriProcess> {
    mkdirSync(`${FOLDER}/bin`, { recursive: true });
    for (const plugin of new Set(['/usr/lib/cni/loopback', ...networks.flatMap(({ plugins }) => plugins)]))
      symlinkSync(plugin, `${FOLDER}/bin/${basename(plugin)}`);
    for (const { handler, conflist } of networks) {
      mkdirSync(`${FOLDER}/${handler}`);
      writeFileSync(`${FOLDER}/${handler}/10-bench.conflist`, JSON.stringify(conflist));
    }
    writeFileSync(`${FOLDER}/config.toml`, configuration(networks));
    const cri = new CriProcess();
    try {
      await cri.#untilReady();
      const name = IMAGE;
      const command = ['/bin/busybox', 'sleep', '1000000'];
      const archive = await makeImage({ folder: FOLDER, rootfs, name, command });
      const args = ['--address', SOCKET, '--namespace', 'k8s.io', 'images', 'import', '--snapshotter', 'native'];
      await runProcess('ctr', [...args, archive]);
      return cri;
    } catch (error) {
      await cri.stop();
      throw error;
    }
  }

  private constructor() {
    const args = ['--config', `${FOLDER}/config.toml`];
    this.#child = spawn('containerd', args, { stdio: 'ignore' });
  }

  #call(method: string, message: Message): Promise<Fields> {
    // It needs a socket that is there.
    this.#grpc ??= new Grpc(SOCKET);
    return this.#grpc.call(`/runtime.v1.RuntimeService/${method}`, message);
  }

  async #untilReady(): Promise<void> {
    for (const end = Date.now() + DEADLINE_MS; ; await delay(100)) {
      using grpc = new Grpc(SOCKET);
      const status = await grpc.call('/runtime.v1.RuntimeService/Status', {}).catch(() => undefined);
      const conditions = status === undefined ? [] : (decode(status.get(1)?.[0] as Buffer).get(1) ?? []);
      if (conditions.length >= 2 && conditions.every((one) => decode(one as Buffer).get(2)?.[0] === 1)) return;
      if (this.#child.exitCode !== null || Date.now() > end)
        throw new NetnsdError('internal', 'containerd serves no pods');
    }
  }

  /** RunPodSandbox: the sandbox's id. */
  async runPod(name: string, handler: string): Promise<string> {
    const linux = { 1: RuncBundles.cgroup(name), 2: { 1: { 1: 0 } } };
    const config = { 1: { 1: name, 2: `uid-${name}`, 3: 'bench', 4: 0 }, 2: name, 8: linux };
    return textOf(await this.#call('RunPodSandbox', { 1: config, 2: handler }), 1);
  }

  async removePod(sandbox: string): Promise<void> {
    await this.#call('StopPodSandbox', { 1: sandbox });
    await this.#call('RemovePodSandbox', { 1: sandbox });
  }

  async stop(): Promise<void> {
    this.#grpc?.[Symbol.dispose]();
    const ended = this.#child.exitCode === null ? once(this.#child, 'close') : undefined;
    this.#child.kill('SIGTERM');
    await ended;
    for (const pid of shims()) process.kill(pid, 'SIGKILL');
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

/** They outlive containerd by design. */
function shims(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isShim = /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(SOCKET);
      return isShim ? [Number(name)] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function configuration(networks: readonly PodNetwork[]): string {
  const runtimes = networks.map(
    ({ handler }) =>
      `[${CRI}.containerd.runtimes.${handler}]\nruntime_type = "io.containerd.runc.v2"\ncni_conf_dir = "${FOLDER}/${handler}"`,
  );
  const [first] = networks;
  return `version = 2
root = "${FOLDER}/root"
state = "${FOLDER}/state"
disabled_plugins = [${UNUSED.map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(', ')}]
[grpc]
address = "${SOCKET}"
[ttrpc]
address = "${SOCKET}.ttrpc"
[${CRI}]
sandbox_image = "${IMAGE}"
stream_server_port = "0"
restrict_oom_score_adj = true
disable_apparmor = true
[${CRI}.containerd]
snapshotter = "native"
default_runtime_name = "${first?.handler}"
${runtimes.join('\n')}
[${CRI}.cni]
bin_dir = "${FOLDER}/bin"
conf_dir = "${FOLDER}/${first?.handler}"
`;
}
