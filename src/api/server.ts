import type { Socket } from 'node:net';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { daemonRoutes } from './daemon-routes.js';
import { dnsRoute } from './dns-route.js';
import { endpointRoute } from './endpoint-route.js';
import { eventRoute } from './event-route.js';
import { graftRoute } from './graft-route.js';
import { Handovers } from './handover.js';
import { leaseRoutes } from './lease-routes.js';
import { ApiMetrics } from './metrics.js';
import { useOpenApi } from './openapi.js';
import type { ApiOptions } from './options.js';
import { poolRoutes } from './pool-routes.js';
import { answerMalformed, answerProblem, nameTheField, useProblems } from './problem.js';
import { reconcileRoute } from './reconcile-route.js';

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
  endSilentOnClose(app);
  await useOpenApi(app, options.version);
  const metrics = new ApiMetrics(service);
  const handovers = new Handovers(service, options.peerOf);
  if (options.maxConnections !== undefined) app.server.maxConnections = options.maxConnections;
  const observe = (seconds: number): void => metrics.observeAcquire(seconds);
  await app.register(leaseRoutes, { service, log, handovers, observe });
  await app.register(poolRoutes, { service });
  await app.register(endpointRoute, { service });
  await app.register(daemonRoutes, { ...options, metrics, handovers });
  await app.register(graftRoute, { ...options, handovers });
  await app.register(dnsRoute, options);
  await app.register(reconcileRoute, options);
  await app.register(eventRoute, options);
  const schema = {
    summary: 'This description',
    tags: ['daemon'],
    response: {},
  };
  const described = { description: 'An OpenAPI 3.1 document.', type: 'object', additionalProperties: true };
  app.get('/openapi.json', { schema, config: { openapi: { 200: described } } }, async () => app.swagger());
  return app;
}

/** Connections on which no request has come yet count as busy for Node's own close(): they would hold it up. */
function endSilentOnClose(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', (request) => silent.delete(request.socket));
  app.addHook('preClose', async () => {
    for (const socket of silent) socket.destroy();
  });
}
