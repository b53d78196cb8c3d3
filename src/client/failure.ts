import { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';

/** The daemon's problem document as the error that it was there; anything else as `internal`. */
export function fromProblem(status: number, text: string): NetnsdError {
  const { code, detail, details } = parse(text);
  if (typeof detail !== 'string')
    return new NetnsdError('internal', `the daemon answered with status ${status} and no problem document`);
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
  return new NetnsdError(known ? (code as ErrorCode) : 'internal', detail, isRecord(details) ? { details } : {});
}

/** What the daemon said, in the shape that its version has it; throws `internal` for what is no JSON. */
export function parseAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new NetnsdError('internal', 'the daemon answered with something that is no JSON', { cause });
  }
}

/** Why nothing was heard from the socket, in one line that says what to do. */
export function unreachable(socketPath: string, cause: NodeJS.ErrnoException): NetnsdError {
  const why: Readonly<Record<string, string>> = {
    ENOENT: `there is no socket ${socketPath}: start the daemon with \`netnsd serve\`, or name its socket with --socket`,
    ENOTDIR: `there is no socket ${socketPath}: start the daemon with \`netnsd serve\`, or name its socket with --socket`,
    ECONNREFUSED: `nothing answers on ${socketPath}: start the daemon with \`netnsd serve\``,
    EACCES: `no permission to use ${socketPath}: run as root, or join the group that the socket belongs to`,
  };
  const message = why[cause.code ?? ''] ?? `the connection to ${socketPath} broke: ${cause.message}`;
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
