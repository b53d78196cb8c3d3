import { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';

/** The error of a problem document; `internal` for any other body. */
export function fromProblem(status: number, text: string): NetnsdError {
  const { code, detail, details } = parse(text);
  if (typeof detail !== 'string')
    return new NetnsdError('internal', `the daemon answered with status ${status} and without a problem document`);
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
  return new NetnsdError(known ? (code as ErrorCode) : 'internal', detail, isRecord(details) ? { details } : {});
}

/** A body as JSON, not validated: newer daemons may add fields. Throws `internal` if it is not JSON. */
export function parseAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new NetnsdError('internal', 'the daemon sent a response that is not JSON', { cause });
  }
}

/** Why the daemon cannot be reached, and what to do. */
export function unreachable(socketPath: string, cause: NodeJS.ErrnoException): NetnsdError {
  const why: Readonly<Record<string, string>> = {
    ENOENT: `the socket ${socketPath} does not exist: start the daemon with \`netnsd serve\`, or give its socket with --socket`,
    ENOTDIR: `the socket ${socketPath} does not exist: start the daemon with \`netnsd serve\`, or give its socket with --socket`,
    ECONNREFUSED: `no daemon listens on ${socketPath}: start it with \`netnsd serve\``,
    EACCES: `permission denied on ${socketPath}: run as root, or as a member of the socket's group`,
  };
  const message = why[cause.code ?? ''] ?? `the connection to ${socketPath} failed: ${cause.message}`;
  return new NetnsdError('daemon_unreachable', message, { cause, details: { socket: socketPath, errno: cause.code } });
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
