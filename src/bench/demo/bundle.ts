import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from '../programs/run-process.js';

/** Which network a container gets: that of a path, an empty one of its own, or that of the process that starts it. */
export type Network = { readonly path: string } | 'empty' | 'host';

interface Namespace {
  type: string;
  path?: string;
}

/** An OCI bundle whose root file system is Debian's static busybox, and which `runc run` starts. */
export class Bundle {
  readonly folder: string;
  readonly #spec: {
    process: { args: string[]; terminal: boolean; capabilities: Record<string, string[]> };
    linux: { namespaces: Namespace[] };
  };
  readonly #otherNamespaces: Namespace[];

  /** Use `makeBundle`. */
  constructor(folder: string) {
    this.folder = folder;
    this.#spec = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    this.#spec.process.terminal = false;
    // ping opens a raw socket.
    for (const set of ['bounding', 'effective', 'permitted']) this.#spec.process.capabilities[set]?.push('CAP_NET_RAW');
    this.#otherNamespaces = this.#spec.linux.namespaces.filter((one) => one.type !== 'network');
  }

  /** Writes config.json for a shell script on a network. */
  write(script: string, network: Network): void {
    this.#spec.process.args = ['/bin/sh', '-c', script];
    const own: Namespace =
      network === 'empty' || network === 'host' ? { type: 'network' } : { type: 'network', ...network };
    this.#spec.linux.namespaces = network === 'host' ? this.#otherNamespaces : [...this.#otherNamespaces, own];
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(this.#spec));
  }

  /** `runc run ID`: what it printed, and the time until the container's first output, in milliseconds. */
  async run(id: string): Promise<{ output: string; startedMs: number }> {
    const begin = performance.now();
    let startedMs = Number.NaN;
    const onFirstOutput = () => {
      startedMs = performance.now() - begin;
    };
    const output = await runProcess('runc', ['run', '--bundle', this.folder, id], { onFirstOutput });
    return { output: output.trimEnd(), startedMs };
  }
}

/** Makes a bundle below `folder`, with `runc spec` and the applets that a shell script needs. */
export async function makeBundle(folder: string): Promise<Bundle> {
  const bundle = mkdtempSync(join(folder, 'bundle-'));
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
    mkdirSync(join(bundle, 'rootfs', name), { recursive: true });
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  for (const applet of ['sh', 'ip', 'ping']) symlinkSync('busybox', join(bundle, 'rootfs/bin', applet));
  await runProcess('runc', ['spec', '--bundle', bundle]);
  return new Bundle(bundle);
}
