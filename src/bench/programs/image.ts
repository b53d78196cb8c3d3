import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from './run-process.js';

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', ia32: '386' };

/**
 * Makes a tar archive of an OCI image layout (image-spec, image-layout.md) in `folder`: one image named `name` with one layer, the root file
 * system at `rootfs`, that runs `command`; what `ctr images import` reads. Returns its path.
 */
export async function makeImage(options: {
  readonly folder: string;
  readonly rootfs: string;
  readonly name: string;
  readonly command: readonly string[];
}): Promise<string> {
  const { folder, rootfs, name, command } = options;
  const layout = join(folder, 'layout');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const put = (mediaType: string, bytes: Buffer) => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };
  const putJson = (mediaType: string, value: object) => put(mediaType, Buffer.from(JSON.stringify(value)));

  await runProcess('tar', ['-C', rootfs, '--owner=0', '--group=0', '-cf', join(folder, 'layer.tar'), '.']);
  const layer = put('application/vnd.oci.image.layer.v1.tar', readFileSync(join(folder, 'layer.tar')));
  const config = putJson('application/vnd.oci.image.config.v1+json', {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: command },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = putJson(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  const annotations = { 'io.containerd.image.name': name };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  const archive = join(folder, 'image.tar');
  await runProcess('tar', ['-C', layout, '-cf', archive, 'oci-layout', 'index.json', 'blobs']);
  return archive;
}
