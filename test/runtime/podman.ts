import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { assertSandbox } from '../guard.js';
import { makeRootfs } from './bundle.js';
import { NETNSD_RUNC, writeSettings } from './wrapper.js';

export interface Inspected {
  readonly State: { readonly Pid: number; readonly ConmonPid: number; readonly Status: string };
}

/** A Podman of the test's own: storage, state and configuration in a temporary folder; containers are all one busybox. */
export class Podman implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'podman-'));
  readonly rootfs = join(this.#folder, 'rootfs');
  /** netnsd-runc as this Podman calls it. */
  readonly launcher = join(this.#folder, 'netnsd-runc');
  readonly #config = join(this.#folder, 'containers.conf');

  /** `socket` is the daemon's; `runtime` what netnsd-runc executes. */
  static async create(options: {
    readonly socket: string;
    readonly runtime: string;
    /** Networks are CNI's: this one, by plugins of these folders. */
    readonly cni?: { readonly conflist: { readonly name: string }; readonly folders: readonly string[] };
  }): Promise<Podman> {
    assertSandbox();
    const podman = new Podman();
    await makeRootfs(podman.rootfs);
    const hooks = join(podman.#folder, 'hooks.d');
    mkdirSync(hooks);
    // Podman hands its runtime an environment of its own making, so the settings come by a launcher and not from there.
    const settings = writeSettings({ socket: options.socket, runtime: options.runtime, deadline_ms: 20_000 });
    writeFileSync(podman.launcher, `#!/bin/sh\nNETNSD_RUNC_CONFIG=${settings} exec ${NETNSD_RUNC} "$@"\n`, {
      mode: 0o755,
    });
    // Locks, and where networks are told of, in files of its own: the machine would keep those in /dev/shm and /etc/cni.
    writeFileSync(
      podman.#config,
      `[containers]
default_capabilities = ["CHOWN", "KILL", "NET_RAW", "SETGID", "SETUID"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
hooks_dir = ["${hooks}"]
lock_type = "file"
runtime_supports_json = ["crun", "runc", "netnsd-runc"]
tmp_dir = "${podman.#folder}/tmp"
[network]
network_config_dir = "${podman.#folder}/cni"
${podman.#cniSettings(options.cni)}
[engine.runtimes]
netnsd-runc = ["${podman.launcher}"]
`,
    );
    return podman;
  }

  #cniSettings(cni?: { readonly conflist: { readonly name: string }; readonly folders: readonly string[] }): string {
    if (cni === undefined) return '';
    const folder = join(this.#folder, 'cni');
    mkdirSync(folder);
    writeFileSync(join(folder, `${cni.conflist.name}.conflist`), JSON.stringify(cni.conflist));
    const folders = cni.folders.map((path) => JSON.stringify(path)).join(', ');
    return `network_backend = "cni"\ncni_plugin_dirs = [${folders}]`;
  }

  /** `podman ARGUMENTS`; its standard output. */
  async call(...args: string[]): Promise<string> {
    const own = ['--root', `${this.#folder}/root`, '--runroot', `${this.#folder}/run`, '--storage-driver', 'vfs'];
    const env = { CONTAINERS_CONF: this.#config };
    return (await execa('podman', [...own, ...args], { env, stdin: 'ignore' })).stdout;
  }

  async inspect(name: string): Promise<Inspected> {
    return (JSON.parse(await this.call('inspect', name)) as [Inspected])[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.call('rm', '--all', '--force', '--time', '0');
  }
}

/** The inode of the network namespace in which a process stands (proc_pid_ns(5)). */
export function netnsOf(pid: number): number {
  return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1]);
}

/** The name of a process, as proc_pid_comm(5) has it. */
export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}
