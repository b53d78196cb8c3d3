import { netnsUsers } from '../kernel/netns/netns-users.js';
import { removeOverlay } from '../kernel/netns/overlays.js';
import { AttachmentFiles } from '../state/index.js';

/**
 * Takes what netnsd-cni mounted over the namespaces of container runtimes off them again. Where a container runs, it stays: its network is
 * gone, and its runtime removes the namespace with the container. Throws kernel_error.
 */
export function removeOverlays(stateDir: string): void {
  const overlays = new AttachmentFiles(stateDir).list().filter(({ delivery }) => delivery === 'overlay');
  if (overlays.length === 0) return;
  const users = netnsUsers();
  for (const { target, netnsInode } of overlays)
    if (!users.has(netnsInode)) removeOverlay({ path: target, inode: netnsInode });
}
