import type { Socket } from 'node:net';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { ContainerRequests } from './container-requests.js';
import { Handovers } from './handover.js';
import { ApiMetrics } from './metrics/metrics.js';
import type { ApiOptions } from './options.js';
import { answerMalformed, answerProblem, nameTheField, useProblems } from './problem.js';
import { registerRoutes } from './routes/index.js';
import { Shortcut } from './shortcut.js';

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
  const handovers = new Handovers(service, options.peerOf);
  if (options.maxConnections !== undefined) app.server.maxConnections = options.maxConnections;
  const requests = new ContainerRequests(options);
  takeConnections(app, { requests, handovers, onFault, requestTimeoutMs, keepAliveMs: KEEP_ALIVE_MS });
  await registerRoutes(app, { ...options, metrics, handovers, requests });
  return app;
}

/**
 * A connection is the shortcut's first. Those that it hands on, but on which no whole request has come yet, count as busy
 * for Node's own close(): they would hold it up.
 */
function takeConnections(
  app: FastifyInstance,
  options: Omit<Parameters<typeof Shortcut.install>[1], 'accepted'>,
): void {
  const silent = new Set<Socket>();
  const accepted = (socket: Socket): void => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  };
  const shortcut = Shortcut.install(app.server, { ...options, accepted });
  app.server.on('request', (request) => silent.delete(request.socket));
  app.addHook('preClose', async () => {
    shortcut.close();
    for (const socket of silent) socket.destroy();
  });
}
