import swagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';
import { daemonRoutes } from './daemon-routes.js';
import { eventRoute } from './event-route.js';
import { leaseRoutes } from './lease-routes.js';
import { ApiMetrics } from './metrics.js';
import type { ApiOptions } from './options.js';
import { poolRoutes } from './pool-routes.js';
import { malformedReply, useProblems } from './problem.js';

const BODY_BYTES = 64 * 1024;
/** A client that says nothing, or half a request, is let go after this; it cost its connection and nothing else. */
const REQUEST_MS = 10_000;
/** A kept connection may rest that long between two requests. */
const KEEP_ALIVE_MS = 60_000;

/** The API over a pool service, not listening yet. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { service, log } = options;
  const app = fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS / 4 },
    forceCloseConnections: 'idle',
    // Who asks is known by the socket's mode; what is asked is validated as it is, nothing is dropped or converted.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false } },
    logger: false,
    disableRequestLogging: true,
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: (_error, socket) => void (socket.writable ? socket.end(malformedReply()) : socket.destroy()),
  });
  useProblems(app, (error) => log.error({ err: error }, 'a request met a fault of netnsd'));
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'netnsd', version: options.version } },
  });
  const metrics = new ApiMetrics(service);
  await app.register(leaseRoutes, { service, log, observe: (seconds) => metrics.observeAcquire(seconds) });
  await app.register(poolRoutes, { service });
  await app.register(daemonRoutes, { ...options, metrics });
  await app.register(eventRoute, { service });
  app.get('/openapi.json', { schema: { summary: 'This description' } }, async () => app.swagger());
  return app;
}
