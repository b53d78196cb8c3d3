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
 * The absolute paths of the state directory and the socket: from the options, or NETNSD_SOCKET and NETNSD_STATE_DIR, or
 * /run/netnsd. The option --state-dir moves the socket as well. Throws `bad_usage` if the socket's path is too long.
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
    const limit = `the limit is ${SOCKET_PATH_LIMIT_BYTES}`;
    throw new NetnsdError(
      'bad_usage',
      `the path of the socket has ${bytes} bytes, and ${limit}: choose a shorter one with --socket`,
    );
  }
  return { stateDir, socketPath };
}
