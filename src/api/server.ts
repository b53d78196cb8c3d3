import type { Socket } from 'node:net';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { Deliveries } from './delivery.js';
import { ApiMetrics } from './metrics/metrics.js';
import type { ApiOptions } from './options.js';
import { answerMalformed, answerProblem, nameTheField, useProblems } from './problem.js';
import { registerRoutes } from './routes/index.js';

const BODY_BYTES = 64 * 1024;
/** A client that says nothing, or half a request, is let go after this; it cost its connection and nothing else. */
const REQUEST_MS = 10_000;
/** A kept connection may rest that long between two requests. */
const KEEP_ALIVE_MS = 60_000;

/** The API over a pool service, not listening yet: see `listenOnSocket`. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { service, log, requestTimeoutMs = REQUEST_MS } = options;
  const onFault = (error: Error): void => log.error({ err: error }, 'a request met a fault of netnsd');
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // No connectionTimeout: it would end those who wait for a lease as well as those who say nothing.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4) },
    forceCloseConnections: 'idle',
    // While closing, the service itself says `shutting_down`, as a problem document.
    return503OnClosing: false,
    // Who asks is known by the socket's mode; what is asked is validated as it is, nothing is dropped or converted.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false } },
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
  closeSilentConnections(app);
  await registerRoutes(app, { ...options, metrics, deliveries });
  return app;
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
