import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { Deliveries } from './delivery.js';
import { ApiMetrics } from './metrics/metrics.js';
import type { ApiOptions } from './options.js';
import { answerMalformed, answerProblem, useProblems } from './problem.js';
import { registerRoutes } from './routes/index.js';
import { nameTheField, validatorOf } from './validation.js';

/** Before the pools have started, too. */
const ANSWERED_AT_ONCE = ['/v1/status', '/healthz'];
const BODY_BYTES = 64 * 1024;
/** A client that sends no request, or part of one, is disconnected after this time. */
const REQUEST_MS = 10_000;
/** An idle connection is kept this long between two requests. */
const KEEP_ALIVE_MS = 60_000;

/** The API of a pool service. It does not listen yet: see `listenOnSocket`. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { service, log, requestTimeoutMs = REQUEST_MS } = options;
  const onFault = (error: Error): void => log.error({ err: error }, 'internal error in a request');
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // No connectionTimeout: it would disconnect clients that wait for a lease.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
      // On a Unix socket it says nothing, and without it Node.js answers by an empty 400.
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    // While closing, the service answers `shutting_down`, as a problem document.
    return503OnClosing: false,
    // Fastify's own compile every schema before the first request, which takes a third of the daemon's start.
    schemaController: {
      compilersFactory: { buildValidator: (() => validatorOf) as never, buildSerializer: () => () => JSON.stringify },
    },
    schemaErrorFormatter: nameTheField,
    frameworkErrors: (error, _request, reply) => answerProblem(error, reply, onFault),
    clientErrorHandler: answerMalformed,
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 1024 },
  });
  useProblems(app, onFault);
  const metrics = new ApiMetrics(service);
  const deliveries = new Deliveries(service, options.peerOf);
  if (options.maxConnections !== undefined) app.server.maxConnections = options.maxConnections;
  answerRest(app);
  closeSilentConnections(app);
  if (options.started !== undefined) holdRequests(app, options.started);
  await registerRoutes(app, { ...options, metrics, deliveries });
  return app;
}

/** Requests wait until the pools have started, but for those that ask whether they have. */
function holdRequests(app: FastifyInstance, started: Promise<unknown>): void {
  let isHeld = true;
  const release = (): void => {
    isHeld = false;
  };
  started.then(release, () => undefined);
  app.addHook('onRequest', ({ routeOptions }, _reply, done) => {
    if (!isHeld || ANSWERED_AT_ONCE.includes(routeOptions.url ?? '')) done();
    else started.then(() => done(), done);
  });
}

/** What Node.js itself answers without a body, or by closing the connection: CONNECT, and an expectation that it does not know. */
function answerRest(app: FastifyInstance): void {
  app.server.on('connect', (_request, socket: Socket) => answerMalformed(new Error('CONNECT'), socket));
  app.server.on('checkExpectation', ({ socket }: IncomingMessage) =>
    answerMalformed(Object.assign(new Error('Expect'), { code: 'UNKNOWN_EXPECTATION' }), socket),
  );
}

/** Node.js counts a connection without any request as busy, and its close() would wait for the request. */
function closeSilentConnections(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  app.server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', async () => {
    for (const socket of silent) socket.destroy();
  });
}
