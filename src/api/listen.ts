import { chmodSync, chownSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { NetnsdError } from '../errors.js';

/** sizeof(sun_path) less its final NUL; unix(7). */
const PATH_BYTES = 107;
/**
 * How many may connect in one moment, before any is answered: as many as net.core.somaxconn has by default, not the 511 of
 * Node.js; beyond that connect(2) says EAGAIN.
 */
const BACKLOG = 4096;

/**
 * Listens on a unix socket, mode 0600, or 0660 for the group, unless `mode` is given. What an ended daemon left behind is removed; a socket that
 * somebody answers on, and anything that is no socket, stays. Throws `daemon_running` and `bad_usage`.
 */
export async function listenOnSocket(
  app: FastifyInstance,
  options: { path: string; groupId: number | null; mode?: number | null },
): Promise<void> {
  const { path, groupId } = options;
  const mode = options.mode ?? (groupId === null ? 0o600 : 0o660);
  // Without a name the server would listen on TCP; with a NUL first, in the abstract namespace, which has no modes.
  if (path === '' || path.includes('\0')) throw new NetnsdError('bad_usage', 'the socket needs a path: see --socket');
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES) {
    throw new NetnsdError(
      'bad_usage',
      `the socket's path has ${bytes} bytes and unix sockets take ${PATH_BYTES}: choose a shorter one with --socket`,
    );
  }
  const folder = dirname(path);
  // bind(2) says ENOENT, which libuv makes a misleading EACCES.
  if (!existsSync(folder)) {
    throw new NetnsdError(
      'bad_usage',
      `there is no folder ${folder} for the socket ${path}: make it, or choose another with --socket`,
    );
  }
  await removeStale(path);
  await app.ready();
  // Made under a umask that leaves nothing to others, so that there is no moment in which they may connect. It keeps the
  // owner's bits: folders that another part of the process makes meanwhile stay usable.
  const umask = process.umask(0o077);
  try {
    await app.listen({ path, backlog: BACKLOG });
  } catch (error) {
    throw new NetnsdError('bad_usage', `cannot listen on ${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    process.umask(umask);
  }
  try {
    if (groupId !== null) chownSync(path, -1, groupId);
    chmodSync(path, mode);
    assertAsWanted(path, mode, groupId);
  } catch (error) {
    await app.close();
    if (error instanceof NetnsdError) throw error;
    throw new NetnsdError('bad_usage', `cannot give ${path} to group ${groupId}: ${reasonOf(error)}`, { cause: error });
  }
}

/** What was asked for is what is there: some file systems take a mode and keep another. */
function assertAsWanted(path: string, mode: number, groupId: number | null): void {
  const stats = lstatSync(path);
  if (stats.isSocket() && (stats.mode & 0o7777) === mode && (groupId === null || stats.gid === groupId)) return;
  const found = `mode ${(stats.mode & 0o7777).toString(8)} and group ${stats.gid}`;
  throw new NetnsdError(
    'bad_usage',
    `${path} has ${found} although others were set: choose another place with --socket`,
  );
}

/**
 * Stops listening and lets requests under way end; what has not ended after `deadlineMs` is cut off. Idempotent.
 * Those who wait for a lease are the service's to send away first.
 */
export async function closeApi(app: FastifyInstance, options: { deadlineMs: number }): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), options.deadlineMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new NetnsdError('bad_usage', `${path} is there and no socket: remove it, or choose another with --socket`);
  const code = await knock(path);
  if (code === 'ENOENT') return;
  if (code === null || code === 'EAGAIN') {
    throw new NetnsdError(
      'daemon_running',
      `a daemon answers on ${path} already: end it first, or choose another with --socket`,
    );
  }
  // Only a refusal proves that nobody listens; anything else (EACCES, …) leaves it open, and the socket in place.
  if (code !== 'ECONNREFUSED')
    throw new NetnsdError('bad_usage', `cannot tell whether a daemon answers on ${path}: ${code}`);
  unlinkSync(path);
}

/** Null if somebody answers, otherwise the errno of connect(2); EAGAIN: somebody listens and has no room. */
function knock(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
