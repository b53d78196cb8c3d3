import { resolve } from 'node:path';
import { NetnsdError } from '../errors.js';

export const DEFAULT_STATE_DIR = '/run/netnsd';
export const SOCKET_NAME = 'netnsd.sock';
/** sockaddr_un.sun_path has 108 bytes, the last of which is a NUL (unix(7)). */
const SOCKET_PATH_LIMIT_BYTES = 107;

export interface PathOptions {
  readonly socket?: string | undefined;
  readonly stateDir?: string | undefined;
}

/**
 * Where the daemon's state and socket are, as absolute paths: the options, then NETNSD_SOCKET and NETNSD_STATE_DIR, then
 * /run/netnsd. A state directory given as an option moves the socket with it. Throws `bad_usage` on a path that no
 * socket can have.
 */
export function resolvePaths(
  options: PathOptions,
  env: Readonly<Record<string, string | undefined>>,
): { stateDir: string; socketPath: string } {
  const stateDir = resolve(options.stateDir || env.NETNSD_STATE_DIR || DEFAULT_STATE_DIR);
  const set = options.socket || (options.stateDir ? undefined : env.NETNSD_SOCKET);
  const socketPath = resolve(set || `${stateDir}/${SOCKET_NAME}`);
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > SOCKET_PATH_LIMIT_BYTES) {
    const limit = `a socket's path has ${SOCKET_PATH_LIMIT_BYTES} bytes at the most`;
    throw new NetnsdError(
      'bad_usage',
      `the socket's path is ${bytes} bytes long, and ${limit}: choose a shorter --socket`,
    );
  }
  return { stateDir, socketPath };
}
