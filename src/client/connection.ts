import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** HTTP/1.1 over kept connections to one unix socket. */
export class Connection {
  readonly #socketPath: string;
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000 });

  constructor(socketPath: string, timeoutMs: number) {
    this.#socketPath = socketPath;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves with a 2xx answer's body; throws the daemon's problem as a NetnsdError, or `daemon_unreachable`. */
  async call(
    method: string,
    path: string,
    options: { body?: unknown; timeoutMs?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<string> {
    const response = await this.open(method, path, options);
    let text = '';
    response.setEncoding('utf8');
    for await (const part of response) text += part;
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return text;
    throw problemOf({ status, text });
  }

  /** Resolves with the answer as it begins to come. */
  open(
    method: string,
    path: string,
    options: { body?: unknown; timeoutMs?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const timeout = options.timeoutMs ?? this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path,
        headers,
        signal: options.signal,
      });
      if (timeout > 0) {
        const late = new NetnsdError(
          'deadline_exceeded',
          `the daemon on ${this.#socketPath} did not answer within ${timeout} ms`,
        );
        const timer = setTimeout(() => request.destroy(late), timeout);
        request.once('close', () => clearTimeout(timer));
      }
      request.once('response', resolve);
      request.once('error', (error: NodeJS.ErrnoException) => reject(this.#translate(error)));
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #translate(error: NodeJS.ErrnoException): Error {
    if (error instanceof NetnsdError || error.name === 'AbortError') return error;
    const path = this.#socketPath;
    const why: Record<string, string> = {
      ENOENT: `there is no socket ${path}: start the daemon with \`netnsd serve\`, or name its socket with --socket`,
      ECONNREFUSED: `nothing answers on ${path}: start the daemon with \`netnsd serve\``,
      EACCES: `no permission to use ${path}: run this as root, or join the group that the socket belongs to`,
    };
    const message = why[error.code ?? ''] ?? `the connection to ${path} broke: ${error.message}`;
    return new NetnsdError('daemon_unreachable', message, {
      cause: error,
      details: { socket: path, errno: error.code },
    });
  }
}

function problemOf({ status, text }: Answer): NetnsdError {
  try {
    const { code, detail, details } = JSON.parse(text) as {
      code: string;
      detail: string;
      details?: Record<string, unknown>;
    };
    const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : 'internal';
    return new NetnsdError(known, detail, details === undefined ? {} : { details });
  } catch {
    return new NetnsdError('internal', `the daemon answered with status ${status} and no problem document`);
  }
}
