import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { ERROR_CODES, NetnsdError } from '../errors.js';
import type { ApiProblem } from './schemas/index.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The problem document of an error (RFC 9457). */
export function toProblem(error: NetnsdError): ApiProblem {
  const { code, message, details, status } = error;
  return {
    type: `urn:netnsd:error:${code}`,
    title: ERROR_CODES[code].meaning,
    status,
    detail: message,
    code,
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}

/** Every error is sent as a problem document. Internal errors are passed to `onFault`; the client gets no details. */
export function useProblems(app: FastifyInstance, onFault: (error: Error) => void): void {
  app.setErrorHandler<FastifyError | NetnsdError>((error, _request, reply) => answerProblem(error, reply, onFault));
  app.setNotFoundHandler((request, reply) => {
    const where = `${request.method} ${request.url.slice(0, 200)}`;
    answerProblem(
      new NetnsdError('not_found', `there is no route ${where}: GET /openapi.json lists all routes`),
      reply,
    );
  });
}

export function answerProblem(
  error: FastifyError | NetnsdError,
  reply: FastifyReply,
  onFault: (error: Error) => void = () => {},
): void {
  const problem = toProblem(translate(error));
  if (problem.code === 'internal') onFault(error);
  void reply.code(problem.status).type(PROBLEM_TYPE).serializer(stringify).send(problem);
}

/** Details may hold what JSON cannot express: a bigint becomes a string; with a cycle the details are left out. */
function stringify(problem: unknown): string {
  try {
    return JSON.stringify(problem, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return JSON.stringify({ ...(problem as ApiProblem), details: undefined });
  }
}

/** Errors of fastify that the client caused become bad_request or body_too_large; all others are internal. */
function translate(error: FastifyError | NetnsdError): NetnsdError {
  if (error instanceof NetnsdError) {
    // The message of an internal error is for the log only: it may name files and lines.
    return error.code === 'internal' ? fault(error) : error;
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new NetnsdError('body_too_large', 'the body is larger than 65536 bytes', { cause: error });
  const { statusCode } = error;
  if (error.validation !== undefined || (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500))
    return new NetnsdError('bad_request', error.message, { cause: error });
  return fault(error);
}

function fault(cause: Error): NetnsdError {
  return new NetnsdError('internal', "internal error: see the daemon's log", { cause });
}

/** Answers bytes that are no HTTP/1.1 request, or only part of one when the time is over. */
export function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [line, detail] = MALFORMED[error.code ?? ''] ?? ['400 Bad Request', 'this is not a valid HTTP/1.1 request'];
  const status = Number.parseInt(line, 10);
  const body = JSON.stringify({ ...toProblem(new NetnsdError('bad_request', detail)), status });
  const head = `HTTP/1.1 ${line}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
}

const MALFORMED: Readonly<Record<string, readonly [string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request was not received in time'],
  UNKNOWN_EXPECTATION: ['417 Expectation Failed', 'of Expect only 100-continue is known'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are larger than 16 KiB'],
};
