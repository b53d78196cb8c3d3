import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from '../programs/run-process.js';

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
    this.#otherNamespaces = this.#spec.linux.namespaces.filter((one) => one.type !== 'network');
  }

  /** Writes config.json for a shell script in a namespace: that at `path`, or one that is given by a patch. */
  write(script: string, { path, capabilities = [] }: { path?: string; capabilities?: readonly string[] } = {}): void {
    const spec = structuredClone(this.#spec);
    spec.process.args = ['/bin/sh', '-c', script];
    for (const set of ['bounding', 'effective', 'permitted']) spec.process.capabilities[set]?.push(...capabilities);
    const own: Namespace = { type: 'network', ...(path === undefined ? {} : { path }) };
    spec.linux.namespaces = [...this.#otherNamespaces, own];
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(spec));
  }

  /** `runc run ID`: what it printed. */
  async run(id: string): Promise<string> {
    return (await runProcess('runc', ['run', '--bundle', this.folder, id])).trimEnd();
  }

  /** The same for one that goes on: `onOutput` is given what it prints; resolves when it has ended, however. */
  follow(id: string, onOutput: (text: string) => void): Promise<void> {
    const child = spawn('runc', ['run', '--bundle', this.folder, id], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
    return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
  }
}

/** Makes a bundle below `folder`, with `runc spec` and the applets that a shell script needs. */
export async function makeBundle(folder: string): Promise<Bundle> {
  const bundle = mkdtempSync(join(folder, 'bundle-'));
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'www'])
    mkdirSync(join(bundle, 'rootfs', name), { recursive: true });
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  for (const applet of ['sh', 'ip', 'httpd', 'wget']) symlinkSync('busybox', join(bundle, 'rootfs/bin', applet));
  writeFileSync(join(bundle, 'rootfs/www/index.html'), 'hello from the container\n');
  await runProcess('runc', ['spec', '--bundle', bundle]);
  return new Bundle(bundle);
}
