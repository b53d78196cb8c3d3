import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** An OCI bundle on disk: `config.json` and `rootfs`, in which everything is one busybox. */
export interface Bundle {
  readonly folder: string;
  readonly rootfs: string;
}

/** Makes a root file system of Debian's static busybox at `rootfs`: the applets, and folders to mount on. */
export async function makeRootfs(rootfs: string): Promise<void> {
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
    mkdirSync(join(rootfs, folder), { recursive: true });
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  const { stdout } = await execa('/bin/busybox', ['--list']);
  for (const applet of stdout.split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(rootfs, 'bin', applet));
  }
}

/**
 * Makes a bundle that runs `sh -c script`, from the specification that `runc spec` proposes: without a terminal, and
 * with CAP_NET_RAW, which ping needs. The network namespace has no path yet. Bundles may share a `rootfs`, which is
 * read-only to them.
 */
export async function makeBundle(script: string, shared?: { readonly rootfs: string }): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const rootfs = shared?.rootfs ?? join(folder, 'rootfs');
  if (shared === undefined) await makeRootfs(rootfs);
  await execa('runc', ['spec', '--bundle', folder]);
  const file = join(folder, 'config.json');
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  spec.process.terminal = false;
  spec.process.args = ['/bin/sh', '-c', script];
  spec.root.path = rootfs;
  for (const set of ['bounding', 'effective', 'permitted']) spec.process.capabilities[set].push('CAP_NET_RAW');
  writeFileSync(file, JSON.stringify(spec, null, 2));
  return { folder, rootfs };
}

/** Changes a bundle's config.json as JSON. */
export function editSpec(folder: string, edit: (spec: SpecOfTest) => void): void {
  const file = join(folder, 'config.json');
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  edit(spec);
  writeFileSync(file, JSON.stringify(spec, null, 2));
}

/** As far as tests change it. */
export interface SpecOfTest {
  root: { path: string };
  process: { args: string[] };
  linux: { namespaces: { type: string; path?: string }[] };
  annotations?: Record<string, string>;
}
