import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance } from 'fastify';
import { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';
import type { ApiProblem } from './schemas.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Fastify's own errors that are the client's fault; the rest of them are ours. */
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_VALIDATION: 'bad_request',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
};

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

function translate(error: FastifyError | NetnsdError): NetnsdError {
  if (error instanceof NetnsdError) return error;
  const known = FASTIFY_CODES[error.code];
  if (known !== undefined) return new NetnsdError(known, error.message, { cause: error });
  if (error.statusCode !== undefined && error.statusCode < 500)
    return new NetnsdError('bad_request', error.message, { cause: error });
  return new NetnsdError('internal', 'netnsd met a fault of its own; its log says more', { cause: error });
}

/** Every error leaves as a problem document (RFC 9457); faults of netnsd's own are logged, never shown. */
export function useProblems(app: FastifyInstance, onFault: (error: Error) => void): void {
  app.setErrorHandler<FastifyError | NetnsdError>((error, _request, reply) => {
    const problem = toProblem(translate(error));
    if (problem.code === 'internal') onFault(error);
    void reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const detail = `there is no ${request.method} ${request.url.slice(0, 200)}; GET /openapi.json lists what there is`;
    const problem = toProblem(new NetnsdError('not_found', detail));
    void reply.code(404).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
  });
}

/** What went over HTTP without being HTTP, as fastify's clientErrorHandler sees it. */
export function malformedReply(): string {
  const body = JSON.stringify(toProblem(new NetnsdError('bad_request', 'this is not a valid HTTP/1.1 request')));
  const head = `HTTP/1.1 400 ${STATUS_CODES[400]}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}`;
  return `${head}\r\nConnection: close\r\n\r\n${body}`;
}
