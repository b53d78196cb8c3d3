import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeImage } from '../../src/bench/programs/image.js';
import { makeRootfs } from './bundle.js';

/** An archive with one image, whose layer is the busybox root file system; its path. */
export async function makeImageArchive(name: string, command = ['/bin/sh']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const rootfs = join(folder, 'rootfs');
  await makeRootfs(rootfs);
  return await makeImage({ folder, rootfs, name, command });
}
