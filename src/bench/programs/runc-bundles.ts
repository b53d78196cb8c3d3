import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../../errors.js';
import { findProgram } from './prerequisites.js';
import { runProcess } from './run-process.js';

const FOLDER = '/run/bench-bundles';
/** The state directory of runc. */
export const RUNC_ROOT = '/run/bench-runc';
const RUNC: Command = { file: 'runc' };
const CGROUPS = '/sys/fs/cgroup';
/** Of this run: cgroups are the one thing that the sandbox has in common with the host. */
const CGROUP = process.env['NETNSD_BENCH_CGROUP'] ?? `netnsd-bench-${process.hrtime.bigint()}`;

/** The network namespace of a bundle's spec: none (the host's is shared), a new one (or one given later by a patch), or that at a path. */
export type Networking = 'host' | 'new' | { readonly path: string };

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What a container runs, other than `true`. */
export interface Contents {
  readonly args: readonly string[];
  readonly mounts?: readonly Mount[];
}

interface Spec {
  process: { terminal: boolean; args: string[] };
  root: { path: string; readonly: boolean };
  mounts: Mount[];
  linux: { cgroupsPath?: string; namespaces: { type: string; path?: string }[] };
}

/** A runtime's program, and what its environment has beside this process's. */
export interface Command {
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Bundles of a busybox `true` that share one root file system, and runc with a state directory of its own. */
export class RuncBundles {
  readonly #spec: Spec;
  /** The root file system that all containers share; read-only to them. */
  readonly rootfs: string;
  /** A cgroup of this run for the container `id`. */
  static cgroup(id: string): string {
    return `/${CGROUP}/${id}`;
  }

  static async create(): Promise<RuncBundles> {
    const rootfs = join(FOLDER, 'rootfs');
    for (const folder of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(rootfs, folder), { recursive: true });
    copyFileSync(findProgram('busybox') as string, join(rootfs, 'bin/busybox'));
    await runProcess('runc', ['spec', '--bundle', FOLDER]);
    return new RuncBundles(JSON.parse(readFileSync(join(FOLDER, 'config.json'), 'utf8')) as Spec, rootfs);
  }

  private constructor(spec: Spec, rootfs: string) {
    this.#spec = spec;
    this.rootfs = rootfs;
    spec.process.terminal = false;
    spec.process.args = ['/bin/busybox', 'true'];
    spec.root = { path: rootfs, readonly: true };
  }

  /** Writes the bundle of container `id` anew; returns its folder. */
  write(id: string, networking: Networking, contents?: Contents): string {
    const spec = structuredClone(this.#spec);
    spec.linux.cgroupsPath = RuncBundles.cgroup(id);
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'network');
    if (networking !== 'host')
      spec.linux.namespaces.push({ type: 'network', ...(networking === 'new' ? {} : networking) });
    if (contents !== undefined) spec.process.args = [...contents.args];
    spec.mounts.push(...(contents?.mounts ?? []));
    const bundle = join(FOLDER, id);
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec, null, 2));
    return bundle;
  }

  /** `runc run`, or another runtime's, from start to end; throws if the container does not end with status 0. */
  run(id: string, bundle: string, { file, env }: Command = RUNC): Promise<void> {
    return new Promise((resolve, reject) => {
      // No pipes: only the process's end is waited for.
      const stdio = ['ignore', 'ignore', 'inherit'] as const;
      const args = ['--root', RUNC_ROOT, 'run', '--bundle', bundle, id];
      const child = spawn(file, args, { stdio: [...stdio], env: { ...process.env, ...env } });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        if (code === 0) resolve();
        else reject(new NetnsdError('internal', `${file} run ${id} ended with ${signal ?? `status ${code}`}`));
      });
    });
  }

  /** Removes bundles and cgroups; runc removes each container's own. */
  remove(): void {
    rmSync(FOLDER, { recursive: true, force: true });
    removeCgroups(CGROUP);
  }
}

/** Removes the cgroup `name` and those below it from every hierarchy. */
export function removeCgroups(name: string): void {
  for (const hierarchy of ['', ...readdirSync(CGROUPS)]) {
    try {
      removeCgroup(join(CGROUPS, hierarchy, name));
    } catch {
      // Most hierarchies have none; one that is still in use tells so by staying.
    }
  }
}

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}
