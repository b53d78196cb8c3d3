import type { Socket } from 'node:net';
import { peerCredentials } from '../libc.js';

/** Who connected to a unix socket, as the kernel noted it at connect(2): SO_PEERCRED of unix(7). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** The peer of an accepted connection; null where it has none, or has gone. About 3 µs: ask once a connection. */
export function peerOf(socket: Socket): Peer | null {
  // Node.js has no public way to the descriptor of a socket.
  const fd = (socket as { _handle?: { fd?: unknown } | null })._handle?.fd;
  if (typeof fd !== 'number' || fd < 0) return null;
  try {
    return peerCredentials(fd);
  } catch {
    return null;
  }
}
