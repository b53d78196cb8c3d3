import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifySchemaValidationError } from 'fastify';
import { ERROR_CODES, NetnsdError } from '../errors.js';
import type { ApiProblem } from './schemas/index.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The document for an error, RFC 9457. */
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

/** Every error leaves as a problem document; faults of netnsd's own are told to `onFault`, never to the client. */
export function useProblems(app: FastifyInstance, onFault: (error: Error) => void): void {
  app.setErrorHandler<FastifyError | NetnsdError>((error, _request, reply) => answerProblem(error, reply, onFault));
  app.setNotFoundHandler((request, reply) => {
    const where = `${request.method} ${request.url.slice(0, 200)}`;
    answerProblem(new NetnsdError('not_found', `there is no ${where}: GET /openapi.json lists what there is`), reply);
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

/** Details may hold what JSON has no word for (a bigint, a cycle); then the problem goes without them. */
function stringify(problem: unknown): string {
  try {
    return JSON.stringify(problem, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return JSON.stringify({ ...(problem as ApiProblem), details: undefined });
  }
}

/** Fastify's errors that are the client's fault become bad_request (body_too_large); the rest of them are ours. */
function translate(error: FastifyError | NetnsdError): NetnsdError {
  if (error instanceof NetnsdError) {
    // A fault's own words are for the log: they may speak of files and lines.
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
  return new NetnsdError('internal', "netnsd met a fault of its own; the daemon's log says more", { cause });
}

/** What does not fit, and where: `body/containerId must match pattern "…"`, `body has an unknown field "foo"`. */
export function nameTheField(errors: FastifySchemaValidationError[], part: string): Error {
  const [first] = errors;
  if (first === undefined) return new Error(`the ${part} does not fit its schema`);
  const { keyword, instancePath, params, message } = first;
  const where = `${part}${instancePath}`;
  if (keyword === 'additionalProperties')
    return new Error(`${where} has an unknown field ${JSON.stringify(params.additionalProperty)}`);
  if (keyword === 'required') return new Error(`${where} lacks the field ${JSON.stringify(params.missingProperty)}`);
  return new Error(`${where} ${message}`);
}

/** What came over the socket without being a whole request of HTTP/1.1. */
export function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [line, detail] = MALFORMED[error.code ?? ''] ?? ['400 Bad Request', 'this is not a valid HTTP/1.1 request'];
  const status = Number.parseInt(line, 10);
  const body = JSON.stringify({ ...toProblem(new NetnsdError('bad_request', detail)), status });
  const head = `HTTP/1.1 ${line}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
}

const MALFORMED: Readonly<Record<string, readonly [string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are larger than 16 KiB'],
};
