import { existsSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../errors.js';
import { fromProblem, unreachable } from './failure.js';

/** How long to wait before connecting again, in milliseconds; grows each time. */
const RETRY_MS = 5;

export interface Call {
  readonly body?: unknown;
  /** The time limit of the whole response; 0: none. Default: the connection's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether the time limit holds only until the response begins. */
  readonly endless?: boolean;
  /** Whether the request may be sent twice. */
  readonly idempotent?: boolean;
}

/** HTTP/1.1 over keep-alive connections to one unix socket. */
export class Connection {
  readonly #socketPath: string;
  readonly #timeoutMs: number;
  readonly #reachMs: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(options: { socketPath: string; timeoutMs: number; reachMs: number }) {
    this.#socketPath = options.socketPath;
    this.#timeoutMs = options.timeoutMs;
    this.#reachMs = options.reachMs;
  }

  /**
   * Resolves with the body of a 2xx response. Throws the daemon's problem as a NetnsdError, `daemon_unreachable`,
   * `deadline_exceeded`, or the reason of an aborted `signal`.
   */
  async call(method: string, path: string, options: Call = {}): Promise<string> {
    const response = await this.open(method, path, options);
    return this.#read(response, options.signal);
  }

  /** Resolves with the response when it begins, whatever its status; the caller reads or destroys it. */
  async open(method: string, path: string, options: Call = {}): Promise<IncomingMessage> {
    const { timeoutMs = this.#timeoutMs, signal } = options;
    const beganMs = performance.now();
    const untilMs = timeoutMs > 0 ? beganMs + timeoutMs : Number.POSITIVE_INFINITY;
    const reachUntilMs = Math.min(untilMs, beganMs + this.#reachMs);
    // After a restart of the daemon every kept connection is stale; each is met once at most.
    for (let retries = 0; ; ) {
      const leftMs = timeoutMs > 0 ? Math.max(1, untilMs - performance.now()) : 0;
      try {
        return await this.#send(method, path, { ...options, timeoutMs: leftMs });
      } catch (error) {
        if (error instanceof NotConnected) {
          const isLate = performance.now() >= (error.isAbsent ? reachUntilMs : untilMs);
          if (isLate || this.#isGone(error.cause)) throw unreachable(this.#socketPath, error.cause);
          retries += 1;
          await pause(Math.min(retries, 20) * RETRY_MS * (0.5 + Math.random()), signal);
          continue;
        }
        if (!(error instanceof StaleConnection)) throw error;
        // With EPIPE the daemon has received nothing.
        if (options.idempotent !== true && error.cause.code !== 'EPIPE')
          throw unreachable(this.#socketPath, error.cause);
      }
    }
  }

  /**
   * The parts that `read` makes of a 2xx response, until it ends; only its beginning has a time limit. Leaving the loop closes
   * the connection.
   */
  async *stream<T>(
    method: string,
    path: string,
    options: Call,
    read: (body: IncomingMessage) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const response = await this.open(method, path, { ...options, endless: true });
    if (!isSuccess(response)) await this.#read(response, options.signal);
    try {
      yield* read(response);
    } catch (error) {
      throw this.#translate(error as NodeJS.ErrnoException, options.signal);
    } finally {
      response.destroy();
    }
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #read(response: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
    let text = '';
    try {
      response.setEncoding('utf8');
      for await (const part of response) text += part;
    } catch (error) {
      throw this.#translate(error as NodeJS.ErrnoException, signal);
    }
    if (isSuccess(response)) return text;
    throw fromProblem(response.statusCode ?? 0, text);
  }

  #send(method: string, path: string, options: Call): Promise<IncomingMessage> {
    const { signal, timeoutMs = this.#timeoutMs, endless = false } = options;
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const target = { socketPath: this.#socketPath, agent: this.#agent, method, path, headers };
      const request = httpRequest(signal === undefined ? target : { ...target, signal });
      let response: IncomingMessage | undefined;
      request.once('response', (incoming) => {
        response = incoming;
        resolve(incoming);
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        if (error.syscall === 'connect' && ['EAGAIN', ...ABSENT].includes(error.code ?? ''))
          return reject(new NotConnected(error));
        // The daemon may close an idle connection (at a restart, say) just when it is used again.
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale && signal?.aborted !== true ? new StaleConnection(error) : this.#translate(error, signal));
      });
      if (timeoutMs > 0) {
        const late = new NetnsdError(
          'deadline_exceeded',
          `the daemon on ${this.#socketPath} did not answer within ${Math.round(timeoutMs)} ms`,
        );
        const timer = setTimeout(() => (response ?? request).destroy(late), timeoutMs);
        request.once('close', () => clearTimeout(timer));
        if (endless) request.once('response', () => clearTimeout(timer));
      }
      request.end(body);
    });
  }

  /** Whether no daemon is to be expected: not even the folder of its socket is there. */
  #isGone({ code }: NodeJS.ErrnoException): boolean {
    return code === 'ENOENT' && !existsSync(dirname(this.#socketPath));
  }

  #translate(error: NodeJS.ErrnoException, signal: AbortSignal | undefined): unknown {
    if (error instanceof NetnsdError) return error;
    if (signal?.aborted) return signal.reason;
    return unreachable(this.#socketPath, error);
  }
}

/** Throws the reason of an aborted signal. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

/** What connect(2) says of a unix socket while its daemon restarts. */
const ABSENT = ['ENOENT', 'ECONNREFUSED'];

/** The daemon has received nothing: it does not listen, or the queue of its socket is full (connect(2), unix(7)). */
class NotConnected extends Error {
  override readonly cause: NodeJS.ErrnoException;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message);
    this.cause = cause;
  }

  get isAbsent(): boolean {
    return ABSENT.includes(this.cause.code ?? '');
  }
}

class StaleConnection extends Error {
  override readonly cause: NodeJS.ErrnoException;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message);
    this.cause = cause;
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}
