import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { NetnsdError } from '../errors.js';

/** sizeof(sun_path) less its final NUL; unix(7). */
const PATH_BYTES = 107;

/**
 * Listens on a unix socket, mode 0600, or 0660 for the group. What an ended daemon left behind is removed; a socket that
 * somebody answers on, and anything that is no socket, is an error and stays.
 */
export async function listenOnSocket(
  app: FastifyInstance,
  options: { path: string; groupId: number | null },
): Promise<void> {
  const { path, groupId } = options;
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new NetnsdError(
      'bad_usage',
      `the socket's path is longer than ${PATH_BYTES} bytes: choose a shorter one with --socket`,
    );
  }
  await removeStale(path);
  // Made under a umask that leaves nothing to others, so that there is no moment with a wider mode.
  const umask = process.umask(0o177);
  try {
    await app.listen({ path });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NetnsdError('bad_usage', `cannot listen on ${path}: ${why}`, { cause: error });
  } finally {
    process.umask(umask);
  }
  if (groupId !== null) {
    chownSync(path, -1, groupId);
    chmodSync(path, 0o660);
  }
}

async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new NetnsdError('bad_usage', `${path} is there and no socket: remove it, or choose another with --socket`);
  if (await answers(path)) {
    throw new NetnsdError(
      'daemon_running',
      `a daemon answers on ${path} already: end it first, or choose another with --socket`,
    );
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}
