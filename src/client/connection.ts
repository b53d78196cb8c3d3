import { existsSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../errors.js';
import { fromProblem, unreachable } from './failure.js';
import { Missed, missedBy, whyMissed } from './missed.js';

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
    const response = await this.#open(method, path, options);
    return this.#read(response, options.signal);
  }

  /**
   * Resolves with the response when it begins, of any status but 503; the caller reads or destroys it. While the daemon
   * restarts, the request is sent again.
   */
  async #open(method: string, path: string, options: Call): Promise<IncomingMessage> {
    const { timeoutMs = this.#timeoutMs, signal } = options;
    const beganMs = performance.now();
    const untilMs = timeoutMs > 0 ? beganMs + timeoutMs : Number.POSITIVE_INFINITY;
    const reachUntilMs = Math.min(untilMs, beganMs + this.#reachMs);
    for (let broken = 0, pauses = 0; ; ) {
      const leftMs = timeoutMs > 0 ? Math.max(1, untilMs - performance.now()) : 0;
      try {
        const response = await this.#send(method, path, { ...options, timeoutMs: leftMs });
        if (response.statusCode !== 503) return response;
        await this.#read(response, signal);
      } catch (error) {
        const missed = missedBy(error);
        if (missed === undefined) throw error;
        if (missed.why === 'broken') broken += 1;
        const endsMs = missed.why === 'full' ? untilMs : reachUntilMs;
        const isLate = missed.why !== 'stale' && performance.now() >= endsMs;
        const isUseless = missed.why === 'absent' && this.#isGone(missed);
        if (isLate || isUseless || !missed.mayRepeat(options.idempotent === true, broken))
          throw this.#translate(missed.cause, signal);
        // After a restart of the daemon every kept connection is stale; each is met once at most.
        if (missed.why === 'stale') continue;
        pauses += 1;
        await pause(Math.min(pauses, 20) * RETRY_MS * (0.5 + Math.random()), signal);
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
    const response = await this.#open(method, path, { ...options, endless: true });
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
        const why =
          response === undefined && signal?.aborted !== true ? whyMissed(error, request.reusedSocket) : undefined;
        reject(why === undefined ? this.#translate(error, signal) : new Missed(why, error));
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
  #isGone({ cause }: Missed): boolean {
    return cause.code === 'ENOENT' && !existsSync(dirname(this.#socketPath));
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

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}
