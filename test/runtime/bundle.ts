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
 * with CAP_NET_RAW, which ping needs. The network namespace has no path yet.
 */
export async function makeBundle(script: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const rootfs = join(folder, 'rootfs');
  await makeRootfs(rootfs);
  await execa('runc', ['spec', '--bundle', folder]);
  const file = join(folder, 'config.json');
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  spec.process.terminal = false;
  spec.process.args = ['/bin/sh', '-c', script];
  for (const set of ['bounding', 'effective', 'permitted']) spec.process.capabilities[set].push('CAP_NET_RAW');
  writeFileSync(file, JSON.stringify(spec, null, 2));
  return { folder, rootfs };
}
