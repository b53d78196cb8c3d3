import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { NetnsdError } from '../errors.js';

/** sizeof(sun_path) less its final NUL; unix(7). */
const PATH_BYTES = 107;
/**
 * The queue of connections that are not accepted yet: the default of net.core.somaxconn, not the 511 of Node.js. When it is
 * full, connect(2) fails with EAGAIN.
 */
const BACKLOG = 4096;

interface ListenOptions {
  readonly path: string;
  readonly groupId: number | null;
  readonly mode?: number | null;
}

/**
 * Listens on a unix socket. Its mode is `mode`, or 0660 with a group, or 0600. The socket of a daemon that has ended is
 * replaced; one on which a daemon answers, and a file that is not a socket, is left alone. Throws `daemon_running` and
 * `bad_usage`.
 */
export async function listenOnSocket(app: FastifyInstance, options: ListenOptions): Promise<void> {
  const { path, groupId } = options;
  const mode = modeOf(options);
  if ((await assertSocketFree(path)) === 'stale') unlinkSync(path);
  await app.ready();
  await asOwner(path, () => app.listen({ path, backlog: BACKLOG }));
  try {
    permit({ path, mode, groupId });
  } catch (error) {
    await app.close();
    throw error;
  }
}

/**
 * Listens once more, on a new socket, for an app whose first one was removed: it can be connected to no more. The caller closes
 * what is returned before the app.
 */
export async function listenAgain(app: FastifyInstance, options: ListenOptions): Promise<{ close(): void }> {
  const { path, groupId } = options;
  if ((await assertSocketFree(path)) === 'stale') unlinkSync(path);
  const server = createServer({ allowHalfOpen: true }, (socket) => app.server.emit('connection', socket));
  if (app.server.maxConnections !== undefined) server.maxConnections = app.server.maxConnections;
  await asOwner(path, async () => {
    server.listen({ path, backlog: BACKLOG });
    await once(server, 'listening');
  });
  try {
    permit({ path, mode: modeOf(options), groupId });
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

function modeOf({ mode, groupId }: ListenOptions): number {
  return mode ?? (groupId === null ? 0o600 : 0o660);
}

/**
 * The umask denies others from the start: there is no moment in which they can connect. It keeps the owner's bits, for folders
 * that the process makes meanwhile.
 */
async function asOwner(path: string, listen: () => Promise<unknown>): Promise<void> {
  const umask = process.umask(0o077);
  try {
    await listen();
  } catch (error) {
    throw new NetnsdError('bad_usage', `cannot listen on ${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    process.umask(umask);
  }
}

function permit({ path, mode, groupId }: { path: string; mode: number; groupId: number | null }): void {
  try {
    if (groupId !== null) chownSync(path, -1, groupId);
    chmodSync(path, mode);
    assertPermissions(path, mode, groupId);
  } catch (error) {
    if (error instanceof NetnsdError) throw error;
    throw new NetnsdError('bad_usage', `cannot set group ${groupId} and mode of ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Checks that a daemon can listen on `path`; changes nothing. `stale`: there is the socket of a daemon that has ended. Its
 * folder must exist unless it is `ownFolder`, which is made later. Throws `daemon_running` and `bad_usage`.
 */
export async function assertSocketFree(
  path: string,
  { ownFolder }: { ownFolder?: string } = {},
): Promise<'free' | 'stale'> {
  // An empty path would listen on TCP; a leading NUL, in the abstract namespace, which has no permissions.
  if (path === '' || path.includes('\0'))
    throw new NetnsdError('bad_usage', 'the path of the socket is empty: see --socket');
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES) {
    throw new NetnsdError(
      'bad_usage',
      `the path of the socket has ${bytes} bytes, and the limit is ${PATH_BYTES}: choose a shorter one with --socket`,
    );
  }
  const folder = dirname(path);
  // libuv turns the ENOENT of bind(2) into a misleading EACCES.
  if (!existsSync(folder) && (ownFolder === undefined || folder !== resolve(ownFolder))) {
    throw new NetnsdError(
      'bad_usage',
      `the folder of the socket ${path} does not exist: create it, or choose another with --socket`,
    );
  }
  return (await isStale(path)) ? 'stale' : 'free';
}

/** Some file systems accept a mode and keep another. */
function assertPermissions(path: string, mode: number, groupId: number | null): void {
  const stats = lstatSync(path);
  if (stats.isSocket() && (stats.mode & 0o7777) === mode && (groupId === null || stats.gid === groupId)) return;
  const found = `mode ${(stats.mode & 0o7777).toString(8)} and group ${stats.gid}`;
  throw new NetnsdError(
    'bad_usage',
    `${path} has ${found}, not those that were set: choose another folder with --socket`,
  );
}

/**
 * Stops listening and waits for pending requests; connections that are left after `deadlineMs` are closed. Idempotent.
 * Acquires that wait for an endpoint are the service's to end, before.
 */
export async function closeApi(app: FastifyInstance, options: { deadlineMs: number }): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), options.deadlineMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a socket is there on which nothing listens. */
async function isStale(path: string): Promise<boolean> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isSocket())
    throw new NetnsdError(
      'bad_usage',
      `${path} exists and is not a socket: remove it, or choose another path with --socket`,
    );
  const code = await tryConnect(path);
  if (code === 'ENOENT') return false;
  if (code === null || code === 'EAGAIN') {
    throw new NetnsdError(
      'daemon_running',
      `a daemon already listens on ${path}: stop it first, or choose another path with --socket`,
    );
  }
  // Only ECONNREFUSED proves that no process listens. After any other error (EACCES, …) the socket stays.
  if (code !== 'ECONNREFUSED')
    throw new NetnsdError('bad_usage', `cannot tell whether a daemon listens on ${path}: ${code}`);
  return true;
}

/** Null if the connection is accepted, otherwise the errno of connect(2); EAGAIN: a process listens and its queue is full. */
function tryConnect(path: string): Promise<string | null> {
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
