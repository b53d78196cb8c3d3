import { mkdirSync, rmdirSync } from 'node:fs';
import { runProcess } from '../programs/run-process.js';

/** Makes a folder that is a private mount of its own, as `ip netns` does with /run/netns, for peers that mount in the host. */
export async function openMountFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await runProcess('mount', ['--bind', folder, folder]);
  await runProcess('mount', ['--make-private', folder]);
}

export async function closeMountFolder(folder: string): Promise<void> {
  await runProcess('umount', [folder]);
  rmdirSync(folder);
}
